import { isFailure } from '../../src/kernel/errors.ts';
import { actorStreamOf } from '../../src/machines/carry-over.ts';
import type { EventStore, StoredEvent } from '../../src/store/event-store.ts';
import type { Chance } from './chance.ts';
import type { Loop } from './loop.ts';
import type { Network } from './network.ts';
import type { Options } from './options.ts';
import { idOf } from './repository.ts';
import { OPERATOR_TOKEN } from './server.ts';

export interface ClientParts {
  loop: Loop;
  chance: Chance;
  options: Options;
  network: Network;
  /** What a person sees on the page, read here from the log itself. */
  log: EventStore;
}

/** The built-in agent, were it one that reads while it works. */
const LISTENING = {
  argv: ['repair'],
  conflicts: 'anew',
  reviews: false,
  takes: { messages: 'paste', interrupt: 'escape' },
};

/** Settings that make a run short; sent once. */
export function settingsFor(options: Options): Record<string, unknown> {
  return {
    'fleet.cap': options.cap,
    'limits.attemptsMax': options.attemptsMax,
    'limits.agentWallMs': 180_000,
    'limits.agentSilenceMs': 30_000,
    'limits.startMs': 20_000,
    'limits.stopGraceMs': 500,
    'limits.exitGraceMs': 5_000,
    'limits.checkWallMs': 60_000,
    'guardian.intervalMs': 5_000,
    'guardian.stopAfterMs': 20_000,
    ...(options.talks > 0 && { 'agents.repair': LISTENING }),
  };
}

export function operate({ loop, chance, network }: ClientParts) {
  let sent = 0;
  return (name: string, input: Record<string, unknown>) =>
    network.call(OPERATOR_TOKEN, name, input, {
      key: `operator:${name}:${sent++}`,
      alive: (ms) => loop.pause(ms + chance.int(0, 9)),
    });
}

export type Operate = ReturnType<typeof operate>;

/** Configures, then starts the workflows. */
export async function begin({ loop, chance, options }: ClientParts, send: Operate): Promise<void> {
  await send('set_config', { changes: settingsFor(options) });
  for (let n = 0; n < options.workflows; n++) {
    const run = { repository: '/repo', goal: `Make the tests pass (${n})`, merge: chance.hit(0.8) };
    await send(...startOf(options, n, run));
    await loop.pause(chance.int(0, 8_000));
  }
}

function startOf(
  { kinds, candidates, bugs }: Options,
  n: number,
  run: { repository: string; goal: string; merge: boolean },
): [string, Record<string, unknown>] {
  // Nobody investigates what a best-of-N is to reach: it says so itself.
  const told = { ...run, goal: `${run.goal}: ${['one', 'two', 'three'].slice(0, bugs).map(idOf).join(', ')}` };
  switch (kinds[n]) {
    case 'best_of_n':
      return ['start_best_of_n', { ...told, n: candidates, earlyStop: n % 2 === 0, score: 'tests=1,time=1' }];
    case 'best_of':
      return ['start_workflow', { ...told, workflow: 'best-of', params: { best_of: candidates } }];
    case 'bugfix_best':
      return ['start_workflow', { ...run, workflow: 'bugfix', params: { best_of: candidates } }];
    default:
      return ['start_workflow', { ...run, workflow: 'bugfix' }];
  }
}

/** An operator who cannot leave things alone. */
export async function meddle(parts: ClientParts, send: Operate, until: () => boolean): Promise<void> {
  const { loop, chance, options, log } = parts;
  for (let n = 0; n < options.meddling && !until(); n++) {
    await loop.pause(chance.int(1_000, 15_000));
    const seen = await idsIn(log);
    const taskId = chance.pick(seen.tasks);
    const agentId = chance.pick(seen.agents);
    const workflowId = chance.pick(seen.workflows);
    const bestOfNId = chance.pick(seen.contests);
    const [name, input] = chance.pick<[string, Record<string, unknown> | null]>([
      ['pause_fleet', {}],
      ['resume_fleet', {}],
      ['stop_all', { reason: 'enough' }],
      ['boost_task', taskId ? { taskId } : null],
      ['cancel_task', taskId ? { taskId } : null],
      ['cancel_task', taskId ? { taskId } : null],
      ['restart_task', taskId ? { taskId } : null],
      ['stop_agent', agentId ? { agentId } : null],
      ['pause_workflow', workflowId ? { workflowId } : null],
      ['resume_workflow', workflowId ? { workflowId } : null],
      ['cancel_best_of_n', bestOfNId && chance.hit(0.5) ? { bestOfNId } : null],
      ['rescore_best_of_n', bestOfNId ? { bestOfNId, score: 'diff=1,tests=1' } : null],
      ['cancel_workflow', workflowId && chance.hit(0.4) ? { workflowId } : null],
      [
        'create_task',
        workflowId ? { workflowId, phase: chance.pick(['fix', 'investigate']), title: 'One more' } : null,
      ],
    ]);
    if (input) await send(name, input);
  }
}

/** Somebody who has a word for every agent; no two words are the same. */
export async function talk(parts: ClientParts, send: Operate, until: () => boolean): Promise<void> {
  const { loop, options, log } = parts;
  const chance = parts.chance.fork('talk');
  for (let n = 0; n < options.talks && !until(); n++) {
    await loop.pause(chance.int(500, 8_000));
    const { agents } = await idsIn(log);
    // Who came last is the likeliest to live.
    const agentId = chance.pick(agents.slice(-3));
    if (agentId === undefined) continue;
    if (chance.hit(0.3)) await send('interrupt_agent', { agentId });
    else await send('message_agent', { agentId, text: `word ${n} for ${agentId}` });
  }
}

/** Whatever was paused goes on: with nobody to resume it, nothing would have to end. */
export async function resumeAll({ loop, log }: ClientParts, send: Operate, over: () => boolean): Promise<void> {
  while (!over()) {
    await loop.pause(5_000);
    const states = new Map<string, string>();
    let stopped = false;
    for await (const event of log.readAll()) {
      states.set(actorStreamOf(event.stream), event.meta.to ?? '');
      if (event.type === 'AgentKindStopped') stopped = true;
      if (event.type === 'FleetResumed') stopped = false;
    }
    const fleet = states.get('fleet-main') ?? 'open';
    if (fleet !== 'open' || stopped) await send('resume_fleet', {});
    for (const [stream, state] of states)
      if (state === 'paused' && stream.startsWith('workflow-'))
        await send('resume_workflow', { workflowId: stream.slice('workflow-'.length) });
  }
}

/** Looks at views; each must answer, and never go back. */
export async function look(
  { loop, chance, network }: ClientParts,
  over: () => boolean,
  wrong: string[],
): Promise<void> {
  const seen = new Map<string, bigint>();
  while (!over()) {
    await loop.pause(chance.int(1_000, 12_000));
    const view = chance.pick(['queue', 'workflow', 'fleet', 'timeline']);
    const answer = await network.query(OPERATOR_TOKEN, 'get_view', { view });
    if (isFailure(answer)) {
      wrong.push(`I11 the view ${view} was refused: ${answer.code} ${answer.message}`);
      continue;
    }
    const position = BigInt(String(answer.position));
    if (answer.degraded) wrong.push(`I5 the view ${view} is degraded: ${JSON.stringify(answer.degraded)}`);
    // A new server may serve while it catches up: only a view asked for with `until` may not go back.
    seen.set(view, position);
  }
}

export interface Poller {
  /** Positions that it was given, in that order. */
  readonly received: readonly string[];
  readonly fits: (event: StoredEvent) => boolean;
  cursor(): string;
}

/** Follows the log through `wait_for_events`, across every server. */
export function poll(parts: ClientParts, over: () => boolean): Poller {
  const { loop, chance, network } = parts;
  const received: string[] = [];
  const types = chance.hit(0.5) ? ['TaskAssigned', 'TaskQueued', 'AgentStarted', 'AgentExited', 'SlotReleased'] : null;
  let cursor = '0';
  const follow = async () => {
    while (!over()) {
      const answer = await network.query(OPERATOR_TOKEN, 'wait_for_events', {
        ...{ after: cursor, timeoutMs: chance.int(0, 10_000), limit: chance.int(1, 40) },
        ...(types && { types }),
      });
      if (isFailure(answer)) throw new Error(`a poller was refused: ${answer.message}`);
      for (const event of answer.events as { position: string }[]) received.push(event.position);
      cursor = String(answer.position);
      await loop.pause(chance.int(1, 3_000));
    }
  };
  void follow();
  return { received, fits: (event) => types === null || types.includes(event.type), cursor: () => cursor };
}

type Ids = Record<'tasks' | 'agents' | 'workflows' | 'contests', string[]>;

async function idsIn(log: EventStore): Promise<Ids> {
  const found: Record<string, string[]> = { task: [], agent: [], workflow: [], bestOfN: [] };
  for await (const { stream, revision } of log.readAll()) {
    const dash = stream.indexOf('-');
    if (revision === 0) found[stream.slice(0, dash)]?.push(stream.slice(dash + 1));
  }
  const { task: tasks = [], agent: agents = [], workflow: workflows = [], bestOfN: contests = [] } = found;
  return { tasks, agents, workflows, contests };
}
