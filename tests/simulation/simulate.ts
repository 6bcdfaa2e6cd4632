import { HISTORY_LIMITS } from '../../src/actors/history.ts';
import { openRescoring } from '../../src/machines/best-of-n/index.ts';
import { isEndedBestOfN } from '../../src/processes/entity.ts';
import { World } from '../../src/processes/index.ts';
import { messageOf } from '../../src/kernel/errors.ts';
import { createMemoryCache } from '../../src/projections/adapters/memory-cache.ts';
import { createMemoryBlobs } from '../../src/store/adapters/memory-blobs.ts';
import type { StoredEvent } from '../../src/store/event-store.ts';
import { definitionSchema } from '../../src/machines/workflow/index.ts';
import { BEST_OF, BUGFIX } from '../support/system.ts';
import { createScripts } from './agents.ts';
import { createChance } from './chance.ts';
import { begin, look, meddle, operate, poll, resumeAll, settingsFor, talk } from './clients.ts';
import { createDisk } from './disk.ts';
import { breachesOf, differences } from './invariants.ts';
import { clockOf, createLoop } from './loop.ts';
import { createLife, type Life } from './life.ts';
import { createMachine } from './machine.ts';
import { createNetwork } from './network.ts';
import { type Options, optionsOf } from './options.ts';
import type { Plant } from './plants.ts';
import { type Server, startServer } from './server.ts';
import { setTraps } from './traps.ts';

/** Somebody may ask that several agents try the hardest repair. */
const PLAIN = definitionSchema.parse({
  ...BUGFIX,
  parameters: [{ name: 'best_of', type: 'number', default: 1 }],
});

/** The same workflow, whose result the checks and a reviewer judge. */
const JUDGED = definitionSchema.parse({
  ...PLAIN,
  result: {
    criteria: [
      { text: 'All checks pass.', proved_by: 'checks' },
      { text: 'Nothing green is red.', proved_by: 'baseline' },
      'Somebody has looked at it.',
    ],
    review: { agent: 'claude' },
  },
});

/** One seed, one run: a safety phase with faults, then a phase without them in which everything has to come to an end. */
export interface Outcome {
  options: Options;
  breaches: string[];
  traceHash: string;
  steps: number;
  events: readonly StoredEvent[];
  virtualMs: number;
  faults: Record<string, number>;
  tail: readonly string[];
}

/** Servers die, the disk fills up, answers get lost; but agents, git and people are as one would wish. */
function isKind(options: Options): boolean {
  const { oddAgents, meddling, runnerFaultRate, stallRate, holderLossRate, hintLossRate } = options;
  const harm = oddAgents + meddling + runnerFaultRate + stallRate + holderLossRate + hintLossRate;
  return harm === 0 && options.skewMs === 0 && !options.conflicting && options.flakyRate === 0;
}

const LIVENESS_MS = 45 * 60_000;
const QUIET_MS = 10_000;
const DRAIN_MS = 120_000;

export async function simulate(
  seed: number,
  { plants = [], change = {} }: { plants?: readonly Plant[]; change?: Partial<Options> } = {},
): Promise<Outcome> {
  const options = { ...optionsOf(seed), ...change };
  const planted = new Set(plants);
  const chance = createChance(seed, 'run');
  const faulty = chance.fork('faults');
  const loop = createLoop(chance.fork('order'));
  const breaches: string[] = [];
  const faults: Record<string, number> = {};
  const mirror = new World();
  const events: StoredEvent[] = [];
  const committedAt: number[] = [];
  let skewMs = 0;
  let safe = true;
  let over = false;
  let servers = 0;
  let life = createLife('nobody');
  let server: Server | null = null;

  const count = (fault: string) => void (faults[fault] = (faults[fault] ?? 0) + 1);
  const strike = (hit: Life) => {
    if (safe && hit === life && hit.state === 'alive' && faulty.hit(options.crashRate)) kill('kill at a step');
  };

  const disk = createDisk({
    ...{ loop, chance: chance.fork('disk'), options, plants: planted },
    committed(by) {
      follow();
      if (safe && options.skewMs !== 0 && faulty.hit(0.02)) jump();
      strike(by);
    },
  });
  const call: typeof network.call = (...given) => network.call(...given);
  const machine = createMachine({
    ...{ loop, chance: chance.fork('machine'), options, plants: planted },
    now: () => clockOf(loop, life, () => skewMs).now(),
    script: createScripts({ call, odd: () => (safe ? options.oddAgents : 0), bugs: options.bugs }),
    effected: strike,
  });
  const network = createNetwork({ loop, chance: chance.fork('network'), options, server: () => server });
  const blobs = createMemoryBlobs();
  const cache = { ...createMemoryCache(), close() {} };
  let reading = false;

  /** The simulator's own reading of the log, which no fault touches. */
  function follow(): void {
    if (reading) return;
    reading = true;
    void (async () => {
      for await (const event of disk.log.readAll({ after: BigInt(events.length) })) {
        events.push(event);
        committedAt.push(loop.now());
        mirror.apply(event);
      }
      reading = false;
    })();
  }

  /** Somebody puts the wall clock wrong, or right again. */
  function jump(): void {
    count('clock jump');
    skewMs = skewMs === 0 ? options.skewMs : 0;
  }

  function boot(): void {
    const mine = createLife(`server ${++servers}`);
    life = mine;
    server = null;
    loop.trace(`boot ${mine.name}`);
    const history = { ...HISTORY_LIMITS, carryOverAt: options.carryOverAt };
    const parts = {
      loop,
      chance,
      life: mine,
      disk,
      blobs,
      cache,
      machine,
      plants: planted,
      skewMs: () => skewMs,
      history,
      definitions: [options.judgedResult ? JUDGED : PLAIN, BEST_OF],
    };
    const complain = (message: string) => {
      loop.trace(`log ${mine.name}: ${message}`);
      if (
        life === mine &&
        mine.state === 'alive' &&
        /actor crashed|cannot be told|quarantined|is still open|was refused while/.test(message)
      )
        breaches.push(`I14 ${message}`);
    };
    startServer({ ...parts, complain }).then(
      (ready) => mine.run(() => void (server = life === mine ? ready : server)),
      (error: unknown) => {
        loop.trace(`start failed: ${messageOf(error)}`);
        if (mine.state === 'alive' && life === mine) restart(mine, 1_000);
      },
    );
  }

  function restart(old: Life, afterMs: number): void {
    old.die();
    if (life === old) server = null;
    loop.after(afterMs, () => {
      if (life === old) boot();
    });
  }

  function kill(why: string): void {
    if (life.state !== 'alive') return;
    count(why);
    loop.trace(`${why}: ${life.name}`);
    restart(life, faulty.int(50, 6_000));
  }

  function stopOrderly(): void {
    const stopping = server;
    if (!stopping || stopping.life !== life || life.state !== 'alive') return;
    count('orderly restart');
    loop.trace(`stop ${stopping.life.name}`);
    server = null;
    const gone = () => stopping.life.run(() => restart(stopping.life, faulty.int(50, 2_000)));
    void stopping.stop().then(gone, (error: unknown) => {
      breaches.push(`I11 a stop failed: ${messageOf(error)}`);
      gone();
    });
  }

  /** Frozen until another has taken over; then it goes on as if nothing had happened. */
  function freeze(): void {
    const old = life;
    if (old.state !== 'alive') return;
    count('freeze');
    loop.trace(`freeze ${old.name}`);
    old.sleep();
    loop.after(faulty.int(100, 3_000), () => {
      if (life === old) boot();
    });
    const wakes = faulty.int(3_000, 20_000);
    loop.after(wakes, () => old.wake());
    loop.after(wakes + faulty.int(500, 8_000), () => {
      if (life === old) restart(old, 100);
      else old.die();
    });
  }

  const during = (what: () => void) => loop.after(faulty.int(500, options.safetyMs), () => safe && what());

  function planFaults(): void {
    for (let n = 0; n < options.crashes; n++) during(() => kill('kill'));
    for (let n = 0; n < options.restarts; n++) during(stopOrderly);
    for (let n = 0; n < options.freezes; n++) during(freeze);
    for (let n = 0; n < options.userCommits; n++)
      during(() => {
        const { repository } = machine;
        repository.moveBase(
          repository.commit(repository.bugsIn(repository.base()), [repository.base()], `by hand ${n}`),
        );
      });
    if (options.diskFull)
      during(() => {
        count('disk full');
        disk.fail('full');
        loop.after(faulty.int(1_000, 9_000), () => disk.fail(null));
      });
    if (options.fsyncFails)
      during(() => {
        count('fsync failed');
        disk.fail('broken');
        loop.after(faulty.int(1_000, 4_000), () => kill('restart of a broken store'));
      });
  }

  function calm(): void {
    safe = false;
    disk.fail(null);
    machine.calm();
    network.calm();
    loop.trace('calm');
    // Whoever is frozen or read-only by now is restarted by its owner.
    restart(life, 100);
  }

  /** A run of a best-of-N counts as that one, which may be cancelled before it has its run. */
  const isBegun = ({ type, data }: StoredEvent) =>
    (type === 'WorkflowStarted' && !data.bestOfNId) || (type === 'BestOfNStarted' && !data.taskId);
  const isDone = () =>
    events.filter(isBegun).length === options.workflows &&
    [...mirror.bestOfNs.values()].every((one) => isEndedBestOfN(one) && !openRescoring(one.context)) &&
    mirror.workflows.size === 0 &&
    mirror.tasks.size === 0;

  async function finished<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    promise.then(
      () => (settled = true),
      () => (settled = true),
    );
    if (!(await loop.runUntil(() => settled, loop.now() + DRAIN_MS))) throw new Error('the last look does not end');
    return promise;
  }

  async function run(): Promise<void> {
    const clients = { loop, chance: chance.fork('clients'), options, network, log: disk.log };
    const send = operate(clients);
    boot();
    planFaults();
    void begin(clients, send).then(() => meddle(clients, send, () => !safe));
    if (options.talks > 0) void talk(clients, send, () => !safe);
    for (let n = 0; n < options.viewers; n++) void look(clients, () => over, breaches);
    const pollers = Array.from({ length: options.pollers }, () => poll(clients, () => over));
    await loop.runUntil(() => false, options.safetyMs);
    calm();
    const calmAt = loop.now();
    void resumeAll(clients, send, () => over);
    if (!(await loop.runUntil(isDone, calmAt + LIVENESS_MS))) {
      const open = mirror.everything().map(({ kind, id, value }) => `${kind} ${id} is ${value}`);
      breaches.push(`I7 no end within ${LIVENESS_MS / 60_000} minutes: ${open.join('; ')}`);
      for (const { key, reason } of server?.system.processes.stuck() ?? []) breaches.push(`I7 stuck ${key}: ${reason}`);
    } else {
      await loop.runUntil(() => false, loop.now() + QUIET_MS);
      for (const one of machine.processes)
        if (!one.end) breaches.push(`I6 ${one.start.agentId} still runs although the log says it has ended`);
      const head = () => String(events.length);
      await loop.runUntil(() => pollers.every(({ cursor }) => cursor() === head()), loop.now() + DRAIN_MS);
      over = true;
      // A command that is on its way may still arrive, and the last look is at what does not change any more.
      await loop.runUntil(() => false, loop.now() + QUIET_MS);
      // So may a merge that nobody waits for be under way.
      await loop.runUntil(() => server?.system.processes.isIdle() ?? false, loop.now() + DRAIN_MS);
      if (server) breaches.push(...(await finished(differences(server, mirror, disk.log))));
      else breaches.push('I7 no server came up');
    }
    over = true;
    const { 'limits.startMs': startMs, 'limits.agentWallMs': agentWallMs } = settingsFor(options);
    breaches.push(
      ...machine.wrong,
      ...network.wrong,
      ...disk.stale.map((what) => `I12 ${what}`),
      ...breachesOf({
        ...{ events, committedAt, pollers, processes: machine.processes, cap: options.cap, calmAt },
        ...{ repository: machine.repository, whole: machine.whole, mustSucceed: isKind(options) },
        ...{ skewMs: options.skewMs, acknowledged: disk.acknowledged, told: network.told },
        limits: { startMs: startMs as number, agentWallMs: agentWallMs as number },
      }),
    );
  }

  const undo = setTraps(breaches);
  try {
    await run();
  } finally {
    undo();
    life.die();
    await disk.log.close();
  }
  return {
    ...{ options, breaches, traceHash: loop.hash(), steps: loop.steps(), events },
    ...{ virtualMs: loop.now(), faults, tail: loop.tail() },
  };
}
