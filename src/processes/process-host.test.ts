import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { OPERATOR } from '../commands/index.ts';
import { Fault, isFailure } from '../kernel/errors.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { EventStore } from '../store/event-store.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import { manualClock, settledSteps, stage } from './test-support.ts';
import type { World } from './world.ts';

/** A story about the fleet: what it owes is what the test says. */
const story = (obligations: (world: World) => Obligation[], concurrency = 4): Process => ({
  name: 'story',
  concurrency: () => concurrency,
  obligations: (entity, world) => (entity.kind === 'fleet' ? obligations(world) : []),
});
const isOpen = (world: World) => world.fleet.value === 'open';
const pause = async ({ send }: Hands) => void (await settled(send('pause_fleet', { reason: 'as owed' })));
const say = (bus: { execute: (envelope: never) => Promise<unknown> }, name: string, input = {}) =>
  bus.execute({ name, input, principal: OPERATOR } as never);

describe('commands in turn', () => {
  const grant = (agentId: string): [string, Record<string, unknown>] => [
    'grant_slot',
    { agentId, taskId: 'tsk_1', workflowId: 'wfl_1', agent: 'repair', attempt: 1 },
  ];
  const inTurn = (...commands: [string, Record<string, unknown>][]) => {
    const answered: unknown[] = [];
    const owed = story((world) =>
      isOpen(world) && Object.keys(world.fleet.context.slots).length === 0
        ? [{ key: 'turn', act: async ({ sendInTurn }) => void answered.push(...(await sendInTurn(...commands))) }]
        : [],
    );
    return { owed, answered };
  };

  test('are on their way together, and answered when all are recorded', async () => {
    const memory = openMemoryStore();
    const waiting: (() => void)[] = [];
    const store: EventStore = {
      ...memory,
      async append(...asked) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return memory.append(...asked);
      },
    };
    const { owed, answered } = inTurn(grant('agt_1'), grant('agt_2'));
    const { host } = await stage([owed], { store });
    await host.start();
    await settledSteps();
    deepStrictEqual([waiting.length, answered.length], [2, 0]);
    for (const go of waiting) go();
    await host.waitFor(2n);
    await settledSteps();
    expect(answered).toMatchObject([{ revision: 0 }, { revision: 1 }]);
    await host.stop(0);
  });

  test('end with the first that is refused', async () => {
    const { owed, answered } = inTurn(
      grant('agt_1'),
      ['assign_task', { taskId: 'tsk_none', agentId: 'agt_1', attempt: 1 }],
      grant('agt_2'),
    );
    const { host } = await stage([owed]);
    await host.start();
    await host.waitFor(1n);
    await settledSteps();
    expect(answered).toMatchObject([{ types: ['SlotGranted'] }, { code: 'task.not_open' }]);
    strictEqual(answered.length, 2);
    await host.stop(0);
  });
});

describe('an obligation', () => {
  test('that is light waits for no other', async () => {
    const gate = Promise.withResolvers<void>();
    const begun: string[] = [];
    const one = (key: string, light: boolean): Obligation => ({
      key,
      light,
      act: async () => {
        begun.push(key);
        await gate.promise;
      },
    });
    const { host } = await stage([story(() => [one('heavy', false), one('second', false), one('light', true)], 1)]);
    await host.start();
    deepStrictEqual(begun, ['heavy', 'light']);
    const stopped = host.stop(1_000);
    gate.resolve();
    await stopped;
  });

  test('is silent until the log is caught up with, and done once', async () => {
    const done: bigint[] = [];
    const { host, bus } = await stage([
      story((world) =>
        isOpen(world) ? [{ key: 'pause', act: async (hands) => (done.push(world.position), pause(hands)) }] : [],
      ),
    ]);
    await say(bus, 'pause_fleet');
    await say(bus, 'resume_fleet');
    await host.start();
    await host.waitFor(3n);
    deepStrictEqual(done, [2n]);
    await host.stop(0);
  });

  test('takes cause and correlation from whom it is done for', async () => {
    const cause = { id: 'tsk_x', last: { id: 'evt_cause', correlationId: 'cmd_story', at: 0 } };
    const { host, store } = await stage([
      story((world) => (isOpen(world) ? [{ key: 'pause', cause, act: pause }] : [])),
    ]);
    await host.start();
    await host.waitFor(1n);
    for await (const event of store.readAll())
      expect(event.meta).toMatchObject({
        causationId: 'evt_cause',
        correlationId: 'cmd_story',
        actor: 'process:story',
      });
    await host.stop(0);
  });

  test('waits for its moment, also when that moves', async () => {
    const { clock, pass, pending } = manualClock();
    let at = clock.now() + 5_000;
    const { host, bus } = await stage(
      [story((world) => (isOpen(world) ? [{ key: 'pause', notBefore: at, act: pause }] : []))],
      { clock },
    );
    await host.start();
    deepStrictEqual(pending(), [5_000]);
    strictEqual(host.isIdle(), false, 'what is due later is still to be done');
    at += 5_000;
    host.look('fleet', 'main');
    deepStrictEqual(pending(), [10_000]);
    pass(10_000);
    await host.waitFor(1n);
    await settledSteps();
    strictEqual(host.isIdle(), true);
    await say(bus, 'resume_fleet');
    await host.stop(0);
  });

  test('that is discharged elsewhere is dropped with its timer', async () => {
    const { clock, pending } = manualClock();
    const { host, bus } = await stage(
      [story((world) => (isOpen(world) ? [{ key: 'pause', notBefore: clock.now() + 1, act: pause }] : []))],
      { clock },
    );
    await host.start();
    await say(bus, 'pause_fleet');
    await host.waitFor(1n);
    deepStrictEqual(pending(), []);
    strictEqual(host.isIdle(), true);
    await host.stop(0);
  });

  test('is not done by two at once when it goes and comes back meanwhile', async () => {
    const gate = Promise.withResolvers<void>();
    let acts = 0;
    const { host, bus } = await stage([
      story((world) =>
        isOpen(world) ? [{ key: 'slow', act: async (hands) => (acts++, await gate.promise, await pause(hands)) }] : [],
      ),
    ]);
    await host.start();
    await say(bus, 'stop_all');
    await say(bus, 'resume_fleet');
    await host.waitFor(2n);
    gate.resolve();
    await host.waitFor(3n);
    strictEqual(acts, 1);
    await host.stop(0);
  });
});

describe('a failure', () => {
  test('is tried again with growing pauses, then given up with its reason', async () => {
    const { clock, pass, pending } = manualClock();
    const pauses: number[] = [];
    let given = '';
    const { host } = await stage(
      [
        story((world) => {
          if (!isOpen(world)) return [];
          const act = () => Promise.reject(new Fault('git.failed', 'no disk'));
          const giveUp: Obligation['giveUp'] = async (hands, error) => {
            given = error.message;
            await pause(hands);
          };
          return [{ key: 'k', attemptsMax: 4, act, giveUp }];
        }),
      ],
      { clock },
    );
    await host.start();
    for (let n = 0; n < 3; n++) {
      await settledSteps();
      pauses.push(...pending());
      pass(pending()[0] as number);
    }
    await host.waitFor(1n);
    deepStrictEqual(pauses, [400, 800, 1_600]);
    strictEqual(given, 'no disk');
    deepStrictEqual(host.stuck(), []);
    await host.stop(0);
  });

  test('that repeating does not mend is given up at once; without a way to record it, it shows as stuck', async () => {
    let acts = 0;
    const { host, bus } = await stage([
      story((world) =>
        isOpen(world)
          ? [{ key: 'k', act: () => (acts++, Promise.reject(new Fault('git.failed', 'broken', { retryable: false }))) }]
          : [],
      ),
    ]);
    await host.start();
    await settledSteps();
    strictEqual(acts, 1);
    deepStrictEqual(host.stuck(), [{ process: 'story', key: 'story k', reason: 'broken' }]);
    strictEqual(host.isIdle(), true);
    await say(bus, 'pause_fleet');
    await host.waitFor(1n);
    deepStrictEqual(host.stuck(), []);
    await host.stop(0);
  });

  test('whose giving up is refused shows as stuck', async () => {
    const { host } = await stage([
      story((world) =>
        isOpen(world)
          ? [
              {
                key: 'k',
                attemptsMax: 1,
                act: () => Promise.reject(new Fault('git.failed', 'broken')),
                giveUp: async ({ send }) => void (await settled(send('resume_fleet', {}))),
              },
            ]
          : [],
      ),
    ]);
    await host.start();
    await settledSteps();
    expect(host.stuck()).toMatchObject([{ key: 'story k' }]);
    ok(host.stuck()[0]?.reason.includes('broken'), host.stuck()[0]?.reason);
    await host.stop(0);
  });

  test('of a story over one entity holds up no other story', async () => {
    const broken: Process = {
      name: 'broken',
      concurrency: () => 1,
      obligations: (entity) => {
        if (entity.kind === 'fleet' && entity.value === 'open') throw new TypeError('nobody thought of this');
        return [];
      },
    };
    const { host } = await stage([broken, story((world) => (isOpen(world) ? [{ key: 'pause', act: pause }] : []))]);
    await host.start();
    await host.waitFor(1n);
    deepStrictEqual(host.stuck(), [], 'the fleet is paused now, and the story tells again');
    await host.stop(0);
  });
});

describe('an obligation that was carried out and is still open', () => {
  test('is looked at only when the world has seen what the refusal rests on', async () => {
    let given = 0;
    const refusals: string[] = [];
    const { host, bus } = await stage([
      story((world) => {
        if (!isOpen(world)) return [];
        const act = async ({ send }: Hands) => {
          // Somebody is faster: the refusal below knows of it, the world does not yet.
          await say(bus, 'pause_fleet');
          const answer = await send('resume_fleet_never', {});
          if (isFailure(answer)) refusals.push(answer.code);
        };
        return [{ key: 'late', act, giveUp: async () => void given++ }];
      }),
    ]);
    await host.start();
    await host.waitFor(1n);
    await settledSteps();
    deepStrictEqual(refusals, ['command.unknown']);
    strictEqual(given, 0);
    deepStrictEqual(host.stuck(), []);
    await host.stop(0);
  });

  test('is tried again, and says what it was refused for when it is given up', async () => {
    const { clock, pass, pending } = manualClock();
    const { host } = await stage(
      [
        story((world) =>
          isOpen(world)
            ? [{ key: 'k', attemptsMax: 2, act: async ({ send }) => void (await settled(send('resume_fleet', {}))) }]
            : [],
        ),
      ],
      { clock },
    );
    await host.start();
    await settledSteps();
    deepStrictEqual(pending(), [400]);
    pass(400);
    await settledSteps();
    ok(host.stuck()[0]?.reason.includes('The fleet is open'), JSON.stringify(host.stuck()));
    await host.stop(0);
  });
});

test('no more are worked on at once than the story allows', async () => {
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  let most = 0;
  let now = 0;
  const act = (n: number) => async () => {
    most = Math.max(most, ++now);
    await gates[n]?.promise;
    now--;
  };
  const finished = new Set<number>();
  const { host } = await stage([
    story(
      () =>
        gates.flatMap((_gate, n) =>
          finished.has(n) ? [] : [{ key: String(n), act: async () => (await act(n)(), void finished.add(n)) }],
        ),
      2,
    ),
  ]);
  await host.start();
  for (const gate of gates) {
    strictEqual(now <= 2, true);
    gate.resolve();
    await settledSteps();
  }
  deepStrictEqual([most, finished.size, now], [2, 5, 0]);
  await host.stop(0);
});

describe('the end', () => {
  test('waits for what is under way, and begins nothing new', async () => {
    const gate = Promise.withResolvers<void>();
    const did: string[] = [];
    const { host } = await stage([
      story(
        () => [
          { key: 'first', act: async () => (await gate.promise, void did.push('first')) },
          { key: 'second', act: async () => void did.push('second') },
        ],
        1,
      ),
    ]);
    await host.start();
    const stopped = host.stop(60_000);
    gate.resolve();
    await stopped;
    deepStrictEqual(did, ['first']);
  });

  test('comes after the drain time, and what fails then sets no timer', async () => {
    const { clock, pass, pending } = manualClock();
    const gate = Promise.withResolvers<void>();
    const { host } = await stage(
      [
        story(() => [
          {
            key: 'hangs',
            act: async () => {
              await gate.promise;
              throw new Fault('git.failed', 'too late');
            },
          },
        ]),
      ],
      { clock },
    );
    await host.start();
    const stopped = host.stop(10_000);
    deepStrictEqual(pending(), [10_000]);
    pass(10_000);
    await stopped;
    gate.resolve();
    await settledSteps();
    deepStrictEqual(pending(), []);
  });
});

test('a log that cannot be read for a moment is followed again, and shows meanwhile', async () => {
  const { clock, pass, pending } = manualClock();
  const inner = openMemoryStore();
  const failure = Promise.withResolvers<never>();
  let times = 0;
  const store: EventStore = {
    ...inner,
    async *subscribe(options) {
      if (++times > 1) return yield* inner.subscribe(options);
      yield { kind: 'caught_up', position: 0n };
      await failure.promise;
    },
  } as EventStore;
  const { host, bus } = await stage([], { clock, store });
  await host.start();
  failure.reject(new Fault('log.closed', 'the disk is away'));
  await settledSteps();
  ok(host.stuck()[0]?.reason.includes('the disk is away'), JSON.stringify(host.stuck()));
  deepStrictEqual(pending(), [1_000]);
  await say(bus, 'pause_fleet');
  pass(1_000);
  await host.waitFor(1n);
  strictEqual(host.world.fleet.value, 'paused');
  deepStrictEqual(host.stuck(), []);
  await host.stop(0);
});

test('a server that another has succeeded does nothing more', async () => {
  const { clock, pending } = manualClock();
  const acted: string[] = [];
  const owed = (key: string, notBefore = 0): Obligation => ({
    key,
    notBefore,
    act: async (hands) => {
      acted.push(key);
      await pause(hands);
    },
  });
  const fenced = () => Promise.reject(new Fault('log.fenced', 'a later server has taken over', { retryable: false }));
  const { host, bus } = await stage(
    [story((world) => (isOpen(world) ? [owed('now'), owed('later', clock.now() + 5_000)] : []))],
    {
      clock,
      around: (real) => ({ execute: (given) => (given.name === 'pause_fleet' ? fenced() : real.execute(given)) }),
    },
  );
  await host.start();
  await settledSteps();
  deepStrictEqual(acted, ['now']);
  deepStrictEqual(pending(), [], 'what was due later is left to the other');
  ok(host.stuck()[0]?.reason.includes('taken over'), JSON.stringify(host.stuck()));
  await say(bus, 'set_config', { changes: { 'fleet.cap': 1 } });
  await settledSteps();
  deepStrictEqual(acted, ['now']);
  await host.stop(0);
});

test('a stop waits for what is under way, and no longer than it is told', async () => {
  const { clock, pass, pending } = manualClock();
  const never = { key: 'never', act: () => new Promise<void>(() => {}) };
  const { host } = await stage([story((world) => (isOpen(world) ? [never] : []))], { clock });
  await host.start();
  await settledSteps();
  let ended = false;
  const stopping = host.stop(10_000).then(() => (ended = true));
  deepStrictEqual(pending(), [10_000]);
  pass(9_999);
  await settledSteps();
  strictEqual(ended, false);
  pass(1);
  await stopping;
});
