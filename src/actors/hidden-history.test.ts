import { describe, expect, it } from 'vitest';
import { systemClock } from '../kernel/adapters/system.ts';
import { silentLog } from '../kernel/log.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { EventStore } from '../store/event-store.ts';
import { createActorHost } from './actor-host.ts';
import type { Dispatch } from './dispatch.ts';
import { replay } from './replay.ts';

const STREAM = 'fleet-main';
const hostOn = (store: EventStore) => createActorHost({ store, clock: systemClock, log: silentLog });
const grant = (n: number): Dispatch => ({
  ...{ kind: 'fleet', actorId: 'main', name: 'grant_slot', v: 1, principal: 'operator' },
  input: { agentId: `agt_${n}`, taskId: 'tsk_1', workflowId: 'wfl_1', agent: 'repair', attempt: 1 },
  commandId: `cmd_01k0000000000000000000000${n}`,
});
const slotsIn = async (store: EventStore) =>
  Object.keys((await (await hostOn(store)).read<{ slots: object }>('fleet', 'main')).context.slots);

/** A fleet that granted three slots. */
async function threeSlots(store = openMemoryStore()): Promise<EventStore> {
  const host = await hostOn(store);
  for (const n of [1, 2, 3]) await host.dispatch(grant(n));
  return store;
}

describe('an actor whose stream is hidden', () => {
  const refused = { kind: 'fault', code: 'log.history_hidden', retryable: false, details: { stream: STREAM } };
  const ways: [string, (store: EventStore) => Promise<unknown>][] = [
    ['in part, by its number of events', (store) => store.setStreamMetadata(STREAM, { maxCount: 1 })],
    ['in part, before a revision', (store) => store.setStreamMetadata(STREAM, { truncateBefore: 2 })],
    ['by a revision that is still to come', (store) => store.setStreamMetadata(STREAM, { truncateBefore: 9 })],
    ['by deletion', (store) => store.deleteStream(STREAM, 'any')],
  ];
  it.each(ways)('%s is not told from what is left of it, and nothing is decided', async (_way, hide) => {
    const store = await threeSlots();
    await hide(store);
    const head = await store.head();
    const host = await hostOn(store);
    await expect(host.read('fleet', 'main')).rejects.toMatchObject(refused);
    await expect(host.dispatch(grant(4))).rejects.toMatchObject(refused);
    await expect(host.dispatch(grant(1))).rejects.toMatchObject(refused);
    expect(host.quarantined()).toEqual([]);
    expect(await store.head()).toBe(head);
  });

  it('by its age is none that never was', async () => {
    let now = 1_800_000_000_000;
    const store = openMemoryStore({ ...systemClock, now: () => now });
    const host = await createActorHost({ store, clock: { ...systemClock, now: () => now }, log: silentLog });
    await host.dispatch(grant(1));
    await store.setStreamMetadata(STREAM, { maxAgeMs: 1000 });
    expect(await slotsIn(store)).toEqual(['agt_1']);
    now += 1001;
    await expect(slotsIn(store)).rejects.toMatchObject(refused);
  });

  it('goes on as it was when nothing hides it any more', async () => {
    const store = await threeSlots();
    const host = await hostOn(store);
    await store.setStreamMetadata(STREAM, { maxCount: 1 });
    await expect(host.dispatch(grant(4))).rejects.toMatchObject(refused);
    await store.setStreamMetadata(STREAM, {});
    expect(await host.dispatch(grant(4))).toMatchObject({ revision: 3, repeated: false });
    expect(await slotsIn(store)).toEqual(['agt_1', 'agt_2', 'agt_3', 'agt_4']);
  });

  it('does not begin a second life where a host saw nothing before', async () => {
    const store = openMemoryStore();
    const early = await hostOn(store);
    expect((await early.read('fleet', 'main')).revision).toBe(-1);
    await threeSlots(store);
    await store.deleteStream(STREAM, 2);
    await expect(early.dispatch(grant(4))).rejects.toMatchObject(refused);
  });

  it('does not answer from nothing when the command that made it comes again', async () => {
    const store = await threeSlots();
    await store.deleteStream(STREAM, 2);
    const again = (await hostOn(store)).dispatch({ ...grant(1), fresh: true });
    await expect(again).rejects.toMatchObject(refused);
  });
});

it('an actor with a tombstone takes no command', async () => {
  const store = await threeSlots();
  await store.tombstoneStream(STREAM, 2);
  const ended = { kind: 'fault', code: 'log.stream_deleted' };
  const host = await hostOn(store);
  await expect(host.read('fleet', 'main')).rejects.toMatchObject(ended);
  await expect(host.dispatch(grant(4))).rejects.toMatchObject(ended);
  await expect(host.dispatch({ ...grant(4), fresh: true })).rejects.toMatchObject(ended);
});

it('a replay decides on what is hidden as on all else', async () => {
  const store = await threeSlots();
  const whole = await replay(store);
  await store.setStreamMetadata(STREAM, { maxCount: 1 });
  await store.tombstoneStream(STREAM, 2);
  const { events, position, ...rest } = await replay(store);
  expect(rest).toEqual({ streams: 1, commands: 3, unknown: 0, difference: null });
  expect([events, position]).toEqual([whole.events + 2, whole.position + 2n]);
});
