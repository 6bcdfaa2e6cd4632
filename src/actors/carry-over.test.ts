import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../kernel/adapters/system.ts';
import { Fault, isFailure } from '../kernel/errors.ts';
import { deriveId } from '../kernel/ids.ts';
import { silentLog } from '../kernel/log.ts';
import { actorStreamOf } from '../machines/carry-over.ts';
import { World } from '../processes/world.ts';
import { queueProjection } from '../projections/queue/index.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { EventStore, StoredEvent } from '../store/event-store.ts';
import { type ActorHost, createActorHost } from './actor-host.ts';
import { newestStream } from './carry-over.ts';
import type { Accepted } from './dispatch.ts';
import type { HistoryLimits } from './history.ts';
import { replay } from './replay.ts';

const SHORT: HistoryLimits = { carryOverAt: 20, warnAt: 30, max: 40 };
const hostOn = (store: EventStore, history = SHORT, log = silentLog) =>
  createActorHost({ store, clock: systemClock, log, history });

const say = (
  host: ActorHost,
  kind: string,
  actorId: string,
  name: string,
  input: Record<string, unknown>,
  key: string,
) => host.dispatch({ kind, actorId, name, v: 1, input, commandId: deriveId('cmd', [key]), principal: 'operator' });
const pause = (host: ActorHost, n: number) =>
  n % 2 === 0
    ? say(host, 'fleet', 'main', 'pause_fleet', { reason: `${n}` }, `turn ${n}`)
    : say(host, 'fleet', 'main', 'resume_fleet', {}, `turn ${n}`);

async function turned(host: ActorHost, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) expect(await pause(host, n)).not.toHaveProperty('code');
}

async function eventsIn(store: EventStore): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const event of store.readAll()) events.push(event);
  return events;
}

/** The facts alone, in one stream for each actor: the same story without limits. */
function uncarried(events: readonly StoredEvent[]): StoredEvent[] {
  const revisions = new Map<string, number>();
  return events.flatMap((event) => {
    if (event.type.startsWith('Carried')) return [];
    const stream = actorStreamOf(event.stream);
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    return [{ ...event, stream, revision }];
  });
}

function queueOf(events: readonly StoredEvent[]) {
  const state = queueProjection.init();
  for (const event of events) queueProjection.fold(state, event);
  return queueProjection.render(state, {}, { position: events.at(-1)?.position ?? 0n, asOf: 1 });
}

function entitiesOf(events: readonly StoredEvent[]) {
  const world = new World();
  for (const event of events) world.apply(event);
  expect([...world.poisoned]).toEqual([]);
  return world.everything();
}

/** A store whose appends fail where they are told to, before or after they are made. */
function breaking(store: EventStore, breaks: (stream: string) => 'before' | 'after' | null): EventStore {
  return {
    ...store,
    async append(stream, expected, events) {
      const how = breaks(stream);
      if (how === 'before') throw new Fault('log.closed', 'the power is gone');
      const appended = await store.append(stream, expected, events);
      if (how === 'after') throw new Fault('log.closed', 'the power is gone');
      return appended;
    },
  };
}

describe('a long-lived actor', () => {
  it('goes on in fresh streams, each as short as it was told, and is found by whoever loads it', async () => {
    const store = openMemoryStore();
    await turned(await hostOn(store), 0, 300);
    const events = await eventsIn(store);
    const lengths = Map.groupBy(events, ({ stream }) => stream);
    expect(lengths.size).toBe(16);
    for (const [stream, list] of lengths) expect(list.length, stream).toBeLessThanOrEqual(21);
    const newest = await newestStream(store, 'fleet-main');
    expect(newest).toBe('fleet-main_g16');

    const other = await hostOn(store);
    expect(await other.read('fleet', 'main')).toMatchObject({ value: 'open', context: { reason: null } });
    expect(await pause(other, 300)).toMatchObject({ stream: newest, state: 'paused', repeated: false });
    expect(await replay(store)).toMatchObject({ difference: null, unknown: 0, commands: 301 });
  });

  it('takes commands that come all at once, in order, across its streams', async () => {
    const store = openMemoryStore();
    const host = await hostOn(store);
    const answers = await Promise.all(Array.from({ length: 150 }, (_, n) => pause(host, n)));
    expect(answers.map((given) => 'types' in given && given.types[0])).toEqual(
      answers.map((_, n) => (n % 2 === 0 ? 'FleetPaused' : 'FleetResumed')),
    );
    const lengths = Map.groupBy(await eventsIn(store), ({ stream }) => stream);
    for (const [stream, list] of lengths) expect(list.length, stream).toBeLessThanOrEqual(21);
    expect(await replay(store)).toMatchObject({ difference: null, commands: 150, streams: 8 });
  });

  it('answers a repeated command as the first time, from whichever stream', async () => {
    const store = openMemoryStore();
    const host = await hostOn(store);
    const first = (await pause(host, 0)) as Accepted;
    await turned(host, 1, 100);
    expect(await pause(host, 0)).toEqual({ ...first, state: 'open', repeated: true });
    expect(await pause(await hostOn(store), 0)).toEqual({ ...first, state: 'open', repeated: true });
    expect(first.stream).toBe('fleet-main');
    expect((await eventsIn(store)).filter(({ meta }) => meta.command)).toHaveLength(100);
  });

  it.each([
    ['fleet-main', 'before'],
    ['fleet-main', 'after'],
    ['fleet-main_g2', 'before'],
    ['fleet-main_g2', 'after'],
  ] as const)('that is broken off at %s, %s the append, is healed by the next command', async (where, how) => {
    const store = openMemoryStore();
    await turned(await hostOn(store), 0, 20);
    let broken = true;
    const failing = await hostOn(breaking(store, (stream) => (broken && stream === where ? how : null)));
    await expect(pause(failing, 20)).rejects.toMatchObject({ code: 'log.closed' });
    broken = false;
    expect(await (await hostOn(store)).read('fleet', 'main')).toMatchObject({ value: 'open' });
    const answers = await Promise.all([pause(failing, 20), pause(await hostOn(store), 20)]);
    for (const answer of answers) expect(answer).toMatchObject({ stream: 'fleet-main_g2', revision: 1 });
    const types = (await eventsIn(store)).map(({ type }) => type);
    expect(types.slice(20)).toEqual(['CarriedOver', 'CarriedFrom', 'FleetPaused']);
    expect((await replay(store)).difference).toBeNull();
  });

  it('is carried over once, however many hosts it lives in', async () => {
    const store = openMemoryStore();
    const hosts = await Promise.all([hostOn(store), hostOn(store), hostOn(store)]);
    const queued = (n: number) =>
      say(hosts[n % 3] as ActorHost, 'mergeTrain', 'mtr_1', 'queue_candidate', candidateOf(n), `${n}`);
    for (let n = 0; n < 90; n += 3)
      for (const answer of await Promise.all([n, n + 1, n + 2].map(queued))) expect(isFailure(answer)).toBe(false);
    const types = (await eventsIn(store)).map(({ type }) => type);
    expect(types.filter((type) => type === 'CandidateQueued')).toHaveLength(90);
    expect(types.filter((type) => type === 'CarriedFrom')).toHaveLength(4);
    const queues = await Promise.all(hosts.map((host) => host.read<{ queue: object[] }>('mergeTrain', 'mtr_1')));
    expect(Math.max(...queues.map(({ context }) => context.queue.length))).toBe(90);
    expect((await replay(store)).difference).toBeNull();
  });

  it('is the same as one that never carries over, to views, processes and replay, whatever happens to it', async () => {
    const word = fc.constantFrom('claude', 'constructor', 'ü');
    const command = fc.oneof(
      fc.record({ name: fc.constant('grant_slot'), agent: word, n: fc.nat(6) }),
      fc.record({
        name: fc.constant('release_slot'),
        outcome: fc.constantFrom('used', 'unused', 'died_at_once'),
        n: fc.nat(6),
      }),
      fc.record({ name: fc.constantFrom('pause_fleet', 'resume_fleet', 'stop_all') }),
      fc.record({
        name: fc.constantFrom('queue_candidate', 'start_merge', 'refuse_candidate', 'withdraw_candidate'),
        n: fc.nat(9),
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { minLength: 20, maxLength: 80 }),
        fc.integer({ min: 2, max: 6 }),
        async (commands, carryOverAt) => {
          const stores = [openMemoryStore(), openMemoryStore()] as const;
          const hosts = await Promise.all([
            hostOn(stores[0], { ...SHORT, carryOverAt }),
            hostOn(stores[1], { ...SHORT, carryOverAt: 1000, max: 1000 }),
          ]);
          for (const [key, one] of commands.entries()) {
            const [short, long] = await Promise.all(hosts.map((host) => play(host, one, key)));
            expect(outcome(short)).toEqual(outcome(long));
          }
          const [short, long] = await Promise.all(stores.map(eventsIn));
          expect(short?.some(({ type }) => type === 'CarriedFrom') || (short?.length ?? 0) < 2 * carryOverAt).toBe(
            true,
          );
          expect(uncarried(short ?? []).map(({ type, data }) => [type, data])).toEqual(
            long?.map(({ type, data }) => [type, data]),
          );
          for (const [kind, id] of [
            ['fleet', 'main'],
            ['mergeTrain', 'mtr_1'],
          ] as const) {
            const states = await Promise.all(hosts.map((host) => host.read(kind, id)));
            expect(withoutTimes(states[0])).toEqual(withoutTimes(states[1]));
          }
          expect(queueOf(short ?? [])).toEqual(queueOf(uncarried(short ?? [])));
          expect(entitiesOf(short ?? [])).toEqual(entitiesOf(uncarried(short ?? [])));
          expect((await replay(stores[0])).difference).toBeNull();
        },
      ),
      { numRuns: 25 },
    );
  });

  it('stays where it is while what it holds is larger than an event may be', async () => {
    const store = openMemoryStore();
    const host = await hostOn(store);
    const queued = (n: number, message: string) =>
      say(host, 'mergeTrain', 'mtr_1', 'queue_candidate', candidateOf(n, message), `${n}`);
    for (let n = 0; n < 25; n++) expect(await queued(n, 'm'.repeat(15_000))).not.toHaveProperty('code');
    expect(await newestStream(store, 'mergeTrain-mtr_1')).toBe('mergeTrain-mtr_1');
    const leave = (n: number) =>
      say(
        host,
        'mergeTrain',
        'mtr_1',
        'withdraw_candidate',
        { trainId: 'mtr_1', candidateId: `cnd_${n}`, reason: '' },
        `away ${n}`,
      );
    for (let n = 0; n < 12; n++) expect(await leave(n)).not.toHaveProperty('code');
    expect(await leave(12)).toMatchObject({ stream: 'mergeTrain-mtr_1_g2' });
  });

  it('is not followed into a stream with another state than it left', async () => {
    const store = openMemoryStore();
    await turned(await hostOn(store), 0, 30);
    const forged = (change: (data: Record<string, unknown>) => object) => ({
      async *readAll() {
        for await (const event of store.readAll())
          yield event.type === 'CarriedFrom' ? { ...event, data: { ...event.data, ...change(event.data) } } : event;
      },
    });
    const state = { value: 'stopped', context: { slots: {}, deaths: {}, stopped: {}, reason: null, since: 0 } };
    const found = { command: '(carry over)', stream: 'fleet-main_g2' };
    expect((await replay(forged(() => ({ state })))).difference).toMatchObject(found);
    expect((await replay(forged(() => ({ from: 'fleet-other' })))).difference).toMatchObject(found);
    expect((await replay(forged(({ answers }) => ({ answers: (answers as []).slice(1) })))).difference).toMatchObject(
      found,
    );
    const bare = { state: { value: 'stopped', context: {} } };
    expect((await replay(forged(() => bare))).difference).toMatchObject({ command: '(fold)' });
  });

  it('whose newest stream is hidden takes no commands', async () => {
    const store = openMemoryStore();
    await turned(await hostOn(store), 0, 30);
    await store.setStreamMetadata('fleet-main_g2', { truncateBefore: 1000 });
    const before = await eventsIn(store);
    await expect(pause(await hostOn(store), 30)).rejects.toMatchObject({ code: 'log.history_hidden' });
    expect(await eventsIn(store)).toEqual(before);
  });

  it('whose stream goes on behind its last event takes no commands', async () => {
    const store = openMemoryStore();
    await turned(await hostOn(store), 0, 20);
    const meta = { actor: 'server', correlationId: 'c' };
    const late = { v: 1, at: 1, meta };
    await store.append('fleet-main', 'any', [
      { ...late, id: 'evt_a', type: 'CarriedOver', data: { to: 'fleet-main_g2' } },
      { ...late, id: 'evt_b', type: 'FleetPaused', data: { reason: '', by: '' } },
    ]);
    const host = await hostOn(store);
    await expect(pause(host, 20)).rejects.toMatchObject({ kind: 'defect' });
    expect(host.quarantined()).toMatchObject([{ stream: 'fleet-main' }]);
  });
});

describe('the newest stream', () => {
  it('is found in few looks, whichever it is', async () => {
    for (const newest of [1, 2, 3, 7, 64, 500]) {
      let looks = 0;
      const has = (stream: string) => Number(/_g(\d+)$/.exec(stream)?.[1]) <= newest;
      const store = {
        ...openMemoryStore(),
        async *readStream(stream: string) {
          looks++;
          if (has(stream)) yield {} as StoredEvent;
        },
      };
      expect(await newestStream(store, 'fleet-main')).toBe(newest === 1 ? 'fleet-main' : `fleet-main_g${newest}`);
      expect(looks).toBeLessThanOrEqual(18);
    }
  });

  it('of an actor is told from the actor’s name', () => {
    expect(['fleet-main', 'fleet-main_g2', 'fleet-main_g120'].map(actorStreamOf)).toEqual(Array(3).fill('fleet-main'));
    for (const other of ['fleet-main_g1', 'fleet-main_g02', 'mergeTrain-mtr_g1234567890123456789012345'])
      expect(actorStreamOf(other)).toBe(other);
  });
});

describe('an actor that does not carry over', () => {
  it('is told of when its history is long, and takes no commands when it is full', async () => {
    const store = openMemoryStore();
    const warnings: object[] = [];
    const host = await hostOn(store, SHORT, { ...silentLog, warn: (fields) => void warnings.push(fields) });
    const set = (n: number) =>
      say(host, 'config', 'main', 'set_config', { changes: { 'fleet.cap': 1 + n } }, `set ${n}`);
    for (let n = 0; n < 29; n++) await set(n);
    expect(host.longHistories()).toEqual([]);
    for (let n = 29; n < 40; n++) expect(await set(n)).toMatchObject({ repeated: false });
    expect(warnings).toEqual([{ stream: 'config-main', events: 30, max: 40 }]);
    expect(host.longHistories()).toEqual([{ stream: 'config-main', events: 40 }]);
    expect(await set(40)).toMatchObject({ kind: 'rejected', code: 'actor.history_full' });
    expect(await set(39), 'a command that was accepted stays so').toMatchObject({ repeated: true });
    expect(host.config().settings.fleet.cap).toBe(40);
  });
});

interface Played {
  name: string;
  n?: number;
  agent?: string;
  outcome?: string;
}

const candidateOf = (n: number, message = '') => ({
  trainId: 'mtr_1',
  train: { trainId: 'mtr_1', repositoryId: 'rep_1', kind: 'base', branch: 'main', path: '/r' },
  candidate: { candidateId: `cnd_${n}`, workflowId: 'wfl_1', taskId: null, attempt: 1, commit: 'c', message },
});

function play(host: ActorHost, { name, n = 0, agent = '', outcome: end = '' }: Played, key: number) {
  const slot = { agentId: `agt_${n}`, taskId: `tsk_${n}`, workflowId: 'wfl_1', agent, attempt: 1 };
  const onTrain = { trainId: 'mtr_1', candidateId: `cnd_${n}` };
  const inputs: Record<string, Record<string, unknown>> = {
    grant_slot: slot,
    release_slot: { agentId: slot.agentId, outcome: end },
    pause_fleet: { reason: 'why' },
    resume_fleet: {},
    stop_all: { reason: 'why' },
    queue_candidate: candidateOf(n),
    start_merge: onTrain,
    refuse_candidate: { ...onTrain, code: 'conflict', reason: '', files: [], check: null },
    withdraw_candidate: { ...onTrain, reason: '' },
  };
  const [kind, id] = 'trainId' in (inputs[name] ?? {}) ? ['mergeTrain', 'mtr_1'] : ['fleet', 'main'];
  return say(host, kind as string, id as string, name, inputs[name] ?? {}, `${key}`);
}

function outcome(answer: Awaited<ReturnType<ActorHost['dispatch']>> | undefined) {
  if (!answer || isFailure(answer)) return answer?.code;
  return [answer.state, answer.types, answer.repeated];
}

const withoutTimes = (state: unknown) =>
  JSON.parse(JSON.stringify(state, (key, value) => (key === 'since' || key === 'revision' ? undefined : value)));
