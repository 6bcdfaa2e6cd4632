import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { expect, test } from 'vitest';
import { systemClock } from '../kernel/adapters/system.ts';
import { deriveId } from '../kernel/ids.ts';
import { silentLog } from '../kernel/log.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { EventStore, StoredEvent } from '../store/event-store.ts';
import { createActorHost } from './actor-host.ts';
import { replay } from './replay.ts';

/** A cap that was lowered between two grants, and a fleet that was paused. */
async function recorded(): Promise<EventStore> {
  const store = openMemoryStore();
  const host = await createActorHost({ store, clock: systemClock, log: silentLog });
  const say = (kind: string, actorId: string, name: string, input: unknown) =>
    host.dispatch({
      kind,
      actorId,
      name,
      v: 1,
      input,
      commandId: deriveId('cmd', [name, JSON.stringify(input)]),
      principal: 'operator',
    });
  const grant = (agentId: string) =>
    say('fleet', 'main', 'grant_slot', { agentId, taskId: 't', workflowId: 'w', agent: 'repair', attempt: 1 });
  await grant('agt_1');
  await grant('agt_2');
  await say('config', 'main', 'set_config', { changes: { 'fleet.cap': 1 } });
  expect(await grant('agt_3')).toMatchObject({ code: 'fleet.no_slot' });
  await say('fleet', 'main', 'pause_fleet', { reason: 'enough' });
  return store;
}

const told = (store: EventStore, change: (event: StoredEvent) => StoredEvent): Pick<EventStore, 'readAll'> => ({
  async *readAll(options) {
    for await (const event of store.readAll(options)) yield change(event);
  },
});

test('a log decides the same again, under the settings that were in force', async () => {
  const report = await replay(await recorded());
  strictEqual(report.difference, null, JSON.stringify(report.difference));
  expect(report).toMatchObject({ commands: 4, streams: 2, unknown: 0 });
});

test('an input that is the fact itself is written once, and decided upon all the same', async () => {
  const store = await recorded();
  const inputs = new Map<string, unknown>();
  for await (const event of store.readAll()) inputs.set(event.type, event.meta.command?.input);
  strictEqual(inputs.get('SlotGranted'), undefined);
  deepStrictEqual(inputs.get('FleetPaused'), { reason: 'enough' });
  strictEqual((await replay(store)).difference, null);
});

test('a decision that comes out differently is named', async () => {
  const store = told(await recorded(), (event) =>
    event.type === 'FleetPaused' ? { ...event, data: { ...event.data, reason: 'another' } } : event,
  );
  expect((await replay(store)).difference).toMatchObject({
    stream: 'fleet-main',
    command: 'pause_fleet',
    recorded: [{ type: 'FleetPaused', data: { reason: 'another' } }],
    decided: [{ type: 'FleetPaused', data: { reason: 'enough' } }],
  });
});

test('a decision that would be refused today is named with the refusal', async () => {
  const store = told(await recorded(), (event) => {
    const { command } = event.meta;
    return command?.name === 'grant_slot'
      ? { ...event, meta: { ...event.meta, command: { ...command, config: 1 } } }
      : event;
  });
  // Settings of a version that nobody has recorded yet are the defaults, so only the first difference counts here.
  strictEqual((await replay(store)).difference, null);
  const closed = told(await recorded(), (event) =>
    event.type === 'SlotGranted' && event.revision === 1
      ? { ...event, type: 'FleetPaused', data: { reason: '', by: '' } }
      : event,
  );
  expect((await replay(closed)).difference).toMatchObject({ command: 'grant_slot' });
});

test('an event that does not fold ends the replay there', async () => {
  const store = told(await recorded(), (event) =>
    event.revision === 1 ? { ...event, data: {}, type: 'TaskMerged' } : event,
  );
  const poisoned = told(store as EventStore, (event) => event);
  expect((await replay(poisoned)).unknown).toBe(1);
  const broken = openMemoryStore();
  const meta = { actor: 'operator', correlationId: 'c' };
  await broken.append('task-1', 'no_stream', [{ id: 'e', type: 'TaskMerged', v: 1, at: 1, data: {}, meta }]);
  expect((await replay(broken)).difference).toMatchObject({ command: '(fold)', recorded: 'TaskMerged' });
});

test('unknown types and unknown kinds are counted and passed over', async () => {
  const store = await recorded();
  const meta = { actor: 'later', correlationId: 'c' };
  const event = (id: string) => ({ id, type: 'Painted', v: 1, at: 1, data: {}, meta });
  await store.append('fleet-main', 'stream_exists', [event('a')]);
  await store.append('painting-1', 'no_stream', [event('b')]);
  const progress: number[] = [];
  const report = await replay(store, (events) => progress.push(events));
  expect(report).toMatchObject({ unknown: 2, difference: null, position: 6n });
  deepStrictEqual(progress, []);
});
