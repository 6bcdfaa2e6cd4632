import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../kernel/adapters/system.ts';
import type { Clock } from '../kernel/clock.ts';
import { Defect, Fault, isFailure } from '../kernel/errors.ts';
import { deriveId } from '../kernel/ids.ts';
import { silentLog } from '../kernel/log.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { EventStore } from '../store/event-store.ts';
import { createActorHost } from './actor-host.ts';
import type { Accepted, Dispatch } from './dispatch.ts';

/** Every step of the program that is ready has been taken. */
const settledSteps = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
const hostOn = (store: EventStore, clock: Clock = systemClock) => createActorHost({ store, clock, log: silentLog });

const command = (name: string, input: Record<string, unknown>, commandId: string): Dispatch => ({
  kind: 'fleet',
  actorId: 'main',
  name,
  v: 1,
  input,
  commandId: deriveId('cmd', [commandId]),
  principal: 'operator',
});
const grant = (agentId: string, key = agentId): Dispatch =>
  command('grant_slot', { agentId, taskId: 'tsk_1', workflowId: 'wfl_1', agent: 'repair', attempt: 1 }, `grant ${key}`);
const release = (agentId: string): Dispatch =>
  command('release_slot', { agentId, outcome: 'unused' }, `release ${agentId}`);
const pause = (n: number): Dispatch => command('pause_fleet', { reason: '' }, `pause ${n}`);

async function typesIn(store: EventStore): Promise<string[]> {
  const types: string[] = [];
  for await (const event of store.readAll()) types.push(event.type);
  return types;
}

/** A clock whose time passes only when somebody waits for it, and that tells how long they wanted to. */
function waitingClock() {
  let now = 1_700_000_000_000;
  const waits: number[] = [];
  const clock: Clock = {
    now: () => now,
    monotonicMs: () => now,
    after(delayMs, fire) {
      waits.push(delayMs);
      now += delayMs;
      queueMicrotask(fire);
      return () => {};
    },
  };
  return { clock, waits };
}

describe('two hosts on one log', () => {
  test('decide again on what the other has made of it', async () => {
    const store = openMemoryStore();
    const [one, other] = [await hostOn(store), await hostOn(store)];
    await one.dispatch(grant('agt_1'));
    await other.dispatch(grant('agt_2'));
    await one.dispatch(grant('agt_3'));
    await one.dispatch(release('agt_2'));
    const { context } = await one.read<{ slots: object }>('fleet', 'main');
    deepStrictEqual(Object.keys(context.slots), ['agt_1', 'agt_3']);
    strictEqual((await typesIn(store)).length, 4);
  });

  test('racing for one slot give it once', async () => {
    const store = openMemoryStore();
    const [one, other] = [await hostOn(store), await hostOn(store)];
    const answers = await Promise.all([one.dispatch(grant('agt_1')), other.dispatch(grant('agt_1', 'again'))]);
    ok(answers.every((answer) => !isFailure(answer)));
    deepStrictEqual(await typesIn(store), ['SlotGranted']);
  });

  test('give up when somebody is always faster', async () => {
    const store = openMemoryStore();
    const rival = await hostOn(store);
    let n = 0;
    const slow: EventStore = {
      ...store,
      async append(stream, expected, events) {
        await rival.dispatch(grant(`agt_rival_${n}`));
        await rival.dispatch(release(`agt_rival_${n++}`));
        return store.append(stream, expected, events);
      },
    };
    const host = await hostOn(slow);
    await rejects(async () => host.dispatch(grant('agt_1')), { code: 'log.wrong_revision' });
    strictEqual(n, 5);
  });
});

/** A log whose appends wait until the test lets them go; the next ones may be made to fail. */
function gated() {
  const store = openMemoryStore();
  const waiting: (() => void)[] = [];
  const failures: Error[] = [];
  const gate: EventStore = {
    ...store,
    async append(stream, expected, events) {
      const failure = failures.shift();
      await new Promise<void>((resolve) => waiting.push(resolve));
      if (failure) throw failure;
      return store.append(stream, expected, events);
    },
  };
  const asked = async () => {
    await settledSteps();
    return waiting.length;
  };
  return {
    store: gate,
    /** Fails the next append that is asked for. */
    failNext: (error: Error) => void failures.push(error),
    /** How many wait, once nothing else moves. */
    asked,
    async letGo(): Promise<void> {
      while ((await asked()) > 0) for (const go of waiting.splice(0)) go();
    },
  };
}

describe('commands of one actor', () => {
  test('do not wait for each other’s flush, and none is answered before its own', async () => {
    const { store, asked, letGo } = gated();
    const host = await hostOn(store);
    let answered = 0;
    const answers = ['agt_1', 'agt_2', 'agt_3'].map(async (id) => {
      const answer = (await host.dispatch(grant(id))) as Accepted;
      answered += 1;
      return answer.revision;
    });
    deepStrictEqual([await asked(), answered], [3, 0]);
    await letGo();
    deepStrictEqual(await Promise.all(answers), [0, 1, 2]);
  });

  test('are decided again when what they rest on was not recorded', async () => {
    const { store, failNext, letGo } = gated();
    const host = await hostOn(store);
    failNext(new Fault('log.disk_full', 'full'));
    const [first, second, third] = [
      host.dispatch(grant('agt_1')),
      host.dispatch(grant('agt_2')),
      host.dispatch(release('agt_1')),
    ];
    const refused = rejects(first, { code: 'log.disk_full' });
    await letGo();
    await refused;
    expect(await second).toMatchObject({ revision: 0, types: ['SlotGranted'] });
    expect(await third).toMatchObject({ revision: 0, types: [] });
    deepStrictEqual(await typesIn(store), ['SlotGranted']);
  });

  test('are refused only when what speaks against them is recorded', async () => {
    const { store, failNext, asked, letGo } = gated();
    const host = await hostOn(store);
    let answered = false;
    const lost = host.dispatch(pause(1));
    failNext(new Fault('log.disk_full', 'full'));
    const granted = host.dispatch(grant('agt_1')).then((answer) => {
      answered = true;
      return answer;
    });
    deepStrictEqual([await asked(), answered], [1, false]);
    const refused = rejects(lost, { code: 'log.disk_full' });
    await letGo();
    await refused;
    expect(await granted).toMatchObject({ types: ['SlotGranted'] });
  });

  test('that are the same happen once, also while the first is on its way', async () => {
    const { store, asked, letGo } = gated();
    const host = await hostOn(store);
    const both = [host.dispatch(grant('agt_1')), host.dispatch(grant('agt_1'))];
    strictEqual(await asked(), 1);
    await letGo();
    expect(await Promise.all(both)).toMatchObject([{ repeated: false }, { repeated: true, types: ['SlotGranted'] }]);
  });

  test('are read with what is on its way', async () => {
    const { store, asked, letGo } = gated();
    const host = await hostOn(store);
    const granted = host.dispatch(grant('agt_1'));
    strictEqual(await asked(), 1);
    const read = host.read<{ slots: object }>('fleet', 'main');
    await letGo();
    await granted;
    deepStrictEqual(Object.keys((await read).context.slots), ['agt_1']);
  });
});

describe('a repeated command', () => {
  test('gets its first answer, also from a host that was not there', async () => {
    const store = openMemoryStore();
    const first = (await (await hostOn(store)).dispatch(grant('agt_1'))) as Accepted;
    const again = await (await hostOn(store)).dispatch(grant('agt_1'));
    deepStrictEqual(again, { ...first, repeated: true });
    strictEqual((await typesIn(store)).length, 1);
  });

  test('that is long forgotten leaves the state as the log has it', async () => {
    const store = openMemoryStore();
    const host = await hostOn(store);
    await host.dispatch(grant('agt_1'));
    await host.dispatch(release('agt_1'));
    for (let n = 0; n < 300; n++)
      await host.dispatch(command(n % 2 ? 'resume_fleet' : 'pause_fleet', n % 2 ? {} : { reason: '' }, `turn ${n}`));
    expect(await host.dispatch(grant('agt_1'))).toMatchObject({ repeated: true, revision: 0, types: ['SlotGranted'] });
    const { context } = await host.read<{ slots: object }>('fleet', 'main');
    deepStrictEqual(context.slots, {}, 'the slot was given back and nobody has it');
    expect(await host.dispatch(grant('agt_2'))).toMatchObject({ repeated: false, revision: 302 });
  });

  test('with several facts is remembered with all of them', async () => {
    const store = openMemoryStore();
    const host = await hostOn(store);
    await host.dispatch(command('pause_fleet', { reason: '' }, 'x'));
    const again = await (await hostOn(store)).dispatch(command('pause_fleet', { reason: '' }, 'x'));
    expect(again).toMatchObject({ types: ['FleetPaused'], repeated: true });
  });
});

describe('a mailbox', () => {
  test('takes one command at a time, in order', async () => {
    const host = await hostOn(openMemoryStore());
    const answers = await Promise.all(['agt_1', 'agt_2', 'agt_3'].map((id) => host.dispatch(grant(id))));
    deepStrictEqual(
      answers.map((answer) => (answer as Accepted).revision),
      [0, 1, 2],
    );
  });

  test('that is full refuses, and takes commands again when it has emptied', async () => {
    const host = await hostOn(openMemoryStore());
    const waiting = Array.from({ length: 2_000 }, (_, n) => host.dispatch(pause(n)));
    await rejects(host.dispatch(pause(2_000)), (error) => error instanceof Fault && error.code === 'actor.overloaded');
    await Promise.all(waiting);
    expect(await host.dispatch(pause(2_001))).toMatchObject({ state: 'paused' });
  });
});

test('a reader that was slow does not undo what a command did meanwhile', async () => {
  const store = openMemoryStore();
  await (await hostOn(store)).dispatch(grant('agt_1'));
  const gate = Promise.withResolvers<void>();
  let reads = 0;
  const slow: EventStore = {
    ...store,
    async *readStream(stream, options) {
      const events = [];
      for await (const event of store.readStream(stream, options)) events.push(event);
      if (stream.startsWith('fleet') && ++reads === 1) await gate.promise;
      yield* events;
    },
  };
  const host = await hostOn(slow);
  const reading = host.read('fleet', 'main');
  const granted = host.dispatch(grant('agt_2'));
  await new Promise((resolve) => setImmediate(resolve));
  gate.resolve();
  await Promise.all([reading, granted]);
  const { context } = await host.read<{ slots: object }>('fleet', 'main');
  deepStrictEqual(Object.keys(context.slots), ['agt_1', 'agt_2']);
});

describe('an actor that crashes', () => {
  test('is restarted with growing pauses, then stays down, visibly', async () => {
    const store = openMemoryStore();
    const { clock, waits } = waitingClock();
    const host = await hostOn(store, clock);
    const broken = (n: number) => host.dispatch(command('grant_slot', { agentId: 7 }, `broken ${n}`));
    for (let n = 0; n < 4; n++) await rejects(broken(n), (error) => error instanceof Defect);
    deepStrictEqual(waits, [100, 200, 400]);
    expect(await host.dispatch(grant('agt_1'))).toMatchObject({ code: 'actor.quarantined' });
    expect(host.quarantined()).toMatchObject([{ stream: 'fleet-main' }]);
    deepStrictEqual(await typesIn(store), []);
  });

  test('works again after a crash or two', async () => {
    const { clock } = waitingClock();
    const host = await hostOn(openMemoryStore(), clock);
    await rejects(host.dispatch(command('grant_slot', { agentId: 7 }, 'broken')));
    expect(await host.dispatch(grant('agt_1'))).toMatchObject({ types: ['SlotGranted'] });
    deepStrictEqual(host.quarantined(), []);
  });

  test('is not blamed for a disk that fails', async () => {
    const store = openMemoryStore();
    let broken = true;
    const host = await hostOn({
      ...store,
      append: async (...args) => {
        if (broken) throw new Fault('log.closed', 'the disk is away');
        return store.append(...args);
      },
    });
    for (let n = 0; n < 6; n++) await rejects(host.dispatch(grant('agt_1')), { code: 'log.closed' });
    broken = false;
    expect(await host.dispatch(grant('agt_1'))).toMatchObject({ repeated: false, revision: 0 });
  });
});

const foreign = (type: string, data: Record<string, unknown> = {}) => ({
  id: `evt_${type}`,
  type,
  v: 1,
  at: 1,
  data,
  meta: { actor: 'operator', correlationId: 'cmd_0' },
});

test('a poison event takes its stream out of service, and no other', async () => {
  const store = openMemoryStore();
  await store.append('fleet-main', 'no_stream', [
    foreign('FleetPaused', { reason: '', by: '' }),
    foreign('SlotGranted'),
  ]);
  const host = await hostOn(store);
  await rejects(host.dispatch(grant('agt_1')), (error) => error instanceof Defect);
  expect(await host.dispatch(grant('agt_1'))).toMatchObject({ code: 'actor.quarantined' });
  ok(host.quarantined()[0]?.reason.includes('its event 1 cannot be folded'), JSON.stringify(host.quarantined()));
  expect(await host.dispatch({ ...grant('agt_1'), actorId: 'other' })).toMatchObject({ types: ['SlotGranted'] });
});

test('an event of a later version is kept and passed over', async () => {
  const store = openMemoryStore();
  await store.append('fleet-main', 'no_stream', [foreign('FleetPainted', { colour: 'blue' })]);
  const host = await hostOn(store);
  expect(await host.dispatch(grant('agt_1'))).toMatchObject({ revision: 1 });
  deepStrictEqual(await typesIn(store), ['FleetPainted', 'SlotGranted']);
});
