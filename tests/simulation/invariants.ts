import { ACTORS } from '../../src/actors/catalogue.ts';
import { foldEvent, type Folded, startFold } from '../../src/actors/fold.ts';
import { replay } from '../../src/actors/replay.ts';
import type { Accepted } from '../../src/commands/index.ts';
import { canonicalJson } from '../../src/kernel/canonical.ts';
import { actorStreamOf } from '../../src/machines/carry-over.ts';
import type { World } from '../../src/processes/index.ts';
import { categoryOf, type EventStore, type StoredEvent } from '../../src/store/event-store.ts';
import type { Poller } from './clients.ts';
import type { Acknowledged } from './disk.ts';
import type { AgentProcess } from './machine.ts';
import type { Repository } from './repository.ts';
import type { Server } from './server.ts';

/** What must hold of a log, whatever happened; each line of an answer is one breach, beginning with its number. */
export interface Evidence {
  events: readonly StoredEvent[];
  /** Virtual time of each event's commit, by position − 1. */
  committedAt: readonly number[];
  acknowledged: readonly Acknowledged[];
  told: readonly { name: string; answer: Accepted }[];
  pollers: readonly Poller[];
  processes: readonly AgentProcess[];
  cap: number;
  limits: { startMs: number; agentWallMs: number };
  /** By so much the wall clock is put, and put back. */
  skewMs: number;
  /** When faults ended. */
  calmAt: number;
  repository: Repository;
  whole: ReadonlySet<string>;
  /** Nobody works badly, meddles or breaks what the work rests on: servers and the log may fail, the work may not. */
  mustSucceed: boolean;
}

export function breachesOf(evidence: Evidence): string[] {
  return [
    ...lost(evidence),
    ...gaps(evidence.events),
    ...unheard(evidence),
    ...doubled(evidence.events),
    ...forged(evidence.events),
    ...crowded(evidence),
    ...early(evidence),
    ...uncancelled(evidence),
    ...torn(evidence),
    ...vanished(evidence),
    ...contested(evidence),
    ...unwarned(evidence),
    ...unsaid(evidence),
    ...unfinished(evidence),
  ];
}

/** I1: what was acknowledged is in the log, where it was said to be. */
function lost({ events, acknowledged, told }: Evidence): string[] {
  const out: string[] = [];
  for (const { stream, ids, position } of acknowledged) {
    const found = events.slice(Number(position) - ids.length, Number(position));
    if (found.map(({ id }) => id).join() !== ids.join())
      out.push(`I1 ${stream} ${ids[0]} was acknowledged at ${position}`);
  }
  for (const { name, answer } of told) {
    const { types, position, stream } = answer;
    if (types.length === 0) continue;
    const last = events[Number(position) - 1];
    if (last?.stream !== stream || last.type !== types.at(-1))
      out.push(`I1 a client was told of ${name} at ${position}`);
  }
  return out;
}

/** I2: positions and revisions without gaps. */
function gaps(events: readonly StoredEvent[]): string[] {
  const revisions = new Map<string, number>();
  return events.flatMap(({ stream, revision, position }, n) => {
    const next = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    return Number(position) === n + 1 && revision === next ? [] : [`I2 ${stream} ${revision} at ${position}`];
  });
}

/** I3: who follows the log gets what fits, once each and in order. */
function unheard({ events, pollers }: Evidence): string[] {
  return pollers.flatMap(({ received, fits, cursor }, n) => {
    const due = events.filter((event) => event.position <= BigInt(cursor()) && fits(event));
    const positions = due.map(({ position }) => String(position));
    if (positions.join() === received.join()) return [];
    const at = positions.findIndex((position, index) => position !== received[index]);
    return [`I3 poller ${n} was given ${received[at]} where ${positions[at]} comes next`];
  });
}

const ONCE: Record<string, (event: StoredEvent) => string> = {
  AgentStarted: ({ stream }) => stream,
  AgentExited: ({ stream }) => stream,
  SlotGranted: ({ data }) => String(data.agentId),
  SlotReleased: ({ data }) => String(data.agentId),
  TaskAssigned: ({ stream, data }) => `${stream} ${data.attempt}`,
  AttemptFailed: ({ stream, data }) => `${stream} ${data.attempt}`,
  CandidateQueued: ({ data }) => String(data.candidateId),
  CandidateLanded: ({ data }) => String(data.candidateId),
  ResultSubmitted: ({ stream, data }) => `${stream} ${data.submission}`,
  ResultAccepted: ({ stream, data }) => `${stream} ${data.submission}`,
  ResultRejected: ({ stream, data }) => `${stream} ${data.submission}`,
  BuildStarted: ({ stream, data }) => `${stream} ${data.index}`,
  BuildEnded: ({ stream, data }) => `${stream} ${data.index}`,
  CandidateScored: ({ stream, data }) => `${stream} ${data.index}`,
  DeliveryStarted: ({ stream }) => stream,
};

/** I4: one outcome for each key. */
function doubled(events: readonly StoredEvent[]): string[] {
  const seen = new Set<string>();
  const again = (key: string) => seen.size === seen.add(key).size;
  return events.flatMap((event) => {
    const of = ONCE[event.type];
    const { command } = event.meta;
    return [
      ...(of && again(`${event.type} ${of(event)}`) ? [`I4 ${event.type} twice for ${of(event)}`] : []),
      ...(command && again(`command ${command.id}`) ? [`I4 the command ${command.id} was carried out twice`] : []),
    ];
  });
}

/** I9: an agent's word stands in the stream of its own task, or at the beginning of a task that it made: created, and queued with it. */
function forged(events: readonly StoredEvent[]): string[] {
  const taskOf = new Map<string, string>();
  const maker = new Map<string, string>();
  return events.flatMap((event) => {
    if (event.type === 'AgentRequested') taskOf.set(`agent:${event.data.agentId}`, String(event.data.taskId));
    const { actor } = event.meta;
    if (!actor.startsWith('agent:')) return [];
    const own = event.stream === `task-${taskOf.get(actor)}`;
    if (event.type === 'TaskCreated') maker.set(event.stream, String(event.data.createdBy));
    const begun = event.type === 'TaskCreated' || (event.type === 'TaskQueued' && event.revision === 1);
    const made = begun && maker.get(event.stream) === actor;
    return own || made ? [] : [`I9 ${actor} wrote ${event.type} to ${event.stream}`];
  });
}

/** I13: never more slots than the cap. */
function crowded({ events, cap }: Evidence): string[] {
  const held = new Set<unknown>();
  return events.flatMap(({ type, data, position }) => {
    if (type === 'SlotGranted') held.add(data.agentId);
    if (type === 'SlotReleased') held.delete(data.agentId);
    return held.size > cap ? [`I13 ${held.size} slots of ${cap} at ${position}`] : [];
  });
}

/** I4: a deadline ends the attempt that it was set for, and not before it is due. The clock may be put back before that is recorded. */
function early({ events, limits, skewMs }: Evidence): string[] {
  const since = new Map<string, number>();
  return events.flatMap((event) => {
    const { stream, type, data, at } = event;
    if (type === 'TaskAssigned' || type === 'TaskStarted') since.set(stream, at);
    if (type !== 'AttemptFailed') return [];
    const ms = { start_overdue: limits.startMs, lease_expired: limits.startMs + limits.agentWallMs }[String(data.code)];
    const due = (since.get(stream) ?? 0) + (ms ?? 0);
    return ms !== undefined && at + Math.abs(skewMs) < due
      ? [`I4 ${data.code} of ${stream} came ${due - at} ms early`]
      : [];
  });
}

const CANCEL_MS = 30_000;

/** I6: an agent whose task was cancelled ends soon. */
function uncancelled({ events, committedAt, processes, calmAt }: Evidence): string[] {
  const cancelled = new Map<string, number>();
  events.forEach(({ type, stream }, n) => {
    if (type === 'TaskCancelled') cancelled.set(stream.slice('task-'.length), committedAt[n] as number);
  });
  return processes.flatMap(({ start, spawnedAt, end }) => {
    const at = cancelled.get(start.taskId);
    if (at === undefined) return [];
    const due = Math.max(at, calmAt, spawnedAt) + CANCEL_MS;
    return (end?.at ?? Number.POSITIVE_INFINITY) > due ? [`I6 ${start.agentId} outlives its cancelled task`] : [];
  });
}

/** I6: no tree is judged that somebody still wrote to. One that is kept too late, by a server that is dead, is never recorded. */
function torn({ events, whole }: Evidence): string[] {
  return events.flatMap(({ type, stream, data }) => {
    if (type !== 'TreeKept' || data.ref === null) return [];
    // Whose ref it is: a winner's tree is its parent's work.
    const [, task, turn] = /([^/]+)\/(\d+)$/.exec(String(data.ref)) ?? [];
    return whole.has(`${task} ${turn} ${data.tree}`) ? [] : [`I6 a tree of ${stream} was kept under its living agent`];
  });
}

/** I8: what the log says has landed is in the branch. */
function vanished({ events, repository }: Evidence): string[] {
  const branchOf = new Map<string, string>();
  return events.flatMap(({ type, stream, data }) => {
    const train = actorStreamOf(stream);
    if (type === 'TrainOpened') branchOf.set(train, data.kind === 'base' ? '' : String(data.branch));
    if (type !== 'CandidateLanded' || data.base !== 'moved') return [];
    const branch = branchOf.get(train);
    const tip = branch ? repository.branches.get(branch) : repository.base();
    const there = tip !== undefined && repository.contains(tip, String(data.commit));
    return there ? [] : [`I8 ${data.candidateId} has landed and is not in ${branch || 'the base branch'}`];
  });
}

/** I16: of a best-of-N at most the winner is in a branch, once selected; when it has ended, its candidates end soon. */
function contested({ events, committedAt, calmAt, repository }: Evidence): string[] {
  const candidates = new Map<string, { bestOfNId: string; index: number }>();
  const winners = new Map<string, unknown>();
  const overAt = new Map<string, number>();
  const out: string[] = [];
  events.forEach(({ type, stream, data }, n) => {
    const id = stream.slice(stream.indexOf('-') + 1);
    const at = committedAt[n] as number;
    if (type === 'TaskCreated' && data.candidate)
      candidates.set(id, data.candidate as { bestOfNId: string; index: number });
    if (type === 'WinnerSelected') {
      if (overAt.has(id)) out.push(`I16 ${id} has a winner although it was over`);
      winners.set(id, data.winner);
    }
    if (CONTEST_OVER.has(type) && !overAt.has(id)) overAt.set(id, at);
    const of = candidates.get(id);
    if (of && type === 'TaskMerged') out.push(`I16 the candidate ${id} was merged by itself`);
    const due = Math.max(overAt.get(of?.bestOfNId ?? '') ?? at, calmAt) + CANCEL_MS;
    if (of && TASK_OVER.has(type) && at > due) out.push(`I16 the candidate ${id} outlives its best-of-N`);
  });
  for (const tip of [repository.base(), ...repository.branches.values()]) {
    const marks = [...repository.bugsIn(tip)].filter((word) => word.startsWith('variant:'));
    const found = marks.map((word) => candidates.get(word.slice('variant:'.length)));
    for (const of of found)
      if (!of || winners.get(of.bestOfNId) !== of.index)
        out.push(`I16 ${JSON.stringify(of)} is in a branch and has not won`);
    const contests = found.map((of) => of?.bestOfNId);
    if (new Set(contests).size < contests.length) out.push('I16 two candidates of one best-of-N are in a branch');
  }
  return out;
}

const CONTEST_OVER = new Set(['BestOfNCancelled', 'BestOfNFailed', 'WinnerSelected']);
const TASK_OVER = new Set(['TaskCompleted', 'TaskFailed', 'TaskCancelled', 'TaskDuplicated']);

/** I17: a guardian stops nobody whom it has not warned of, none for what is over, and none twice. */
function unwarned({ events }: Evidence): string[] {
  const warned = new Map<string, Map<unknown, unknown>>();
  const decided = new Set<string>();
  return events.flatMap(({ type, stream, data, meta }) => {
    const agentId = stream.slice(stream.indexOf('-') + 1);
    const open = warned.get(agentId) ?? new Map<unknown, unknown>();
    warned.set(agentId, open);
    if (type === 'WarningRaised') open.set(data.warning, data.stopAfterMs);
    if (type === 'WarningCleared') open.delete(data.warning);
    if (type === 'StopRequested' && meta.actor === 'process:guardian' && !decided.has(agentId))
      return [`I17 ${agentId} was stopped by a guardian that had not decided it`];
    if (type !== 'StopDecided') return [];
    const again = decided.size === decided.add(agentId).size;
    return [
      ...(again ? [`I17 ${agentId} is stopped twice`] : []),
      ...(typeof open.get(data.warning) === 'number' ? [] : [`I17 ${agentId} is stopped and was not warned of`]),
    ];
  });
}

/** I7: no failure of ours ends a run, and where nothing but servers and the log failed, every run reaches its goal. */
function unfinished({ events, mustSucceed }: Evidence): string[] {
  return events.flatMap(({ type, stream, data }) => {
    const defect = String(data.code).startsWith('defect.');
    if (defect) return [`I7 ${type} of ${stream} rests on a defect: ${data.reason}`];
    return mustSucceed && type === 'WorkflowFailed' ? [`I7 ${stream} failed for no reason: ${data.reason}`] : [];
  });
}

/** I18: what was said to an agent is typed once at the most, is typed where it is said to be, and is settled in the end. */
function unsaid({ events, processes }: Evidence): string[] {
  const out: string[] = [];
  const outcomes = Map.groupBy(
    events.filter(({ type }) => /^(Message|Interrupt)(D|Und)elivered$/.test(type)),
    ({ data }) => String(data.messageId ?? data.interruptId),
  );
  for (const { type, stream, data } of events) {
    if (type !== 'MessageSent' && type !== 'InterruptRequested') continue;
    const id = String(data.messageId ?? data.interruptId);
    const ends = outcomes.get(id) ?? [];
    if (ends.length !== 1) out.push(`I18 ${type} ${id} of ${stream} came to ${ends.length} ends`);
    if (type !== 'MessageSent') continue;
    const text = String(data.text);
    const terminals = processes.filter(({ start }) => stream === `agent-${start.agentId}`);
    const typed = terminals.flatMap((one) => [...one.typed.values()].filter((each) => each.data.includes(text)));
    if (typed.length > 1) out.push(`I18 “${text}” was typed ${typed.length} times`);
    if (typed.length === 0 && ends[0]?.type === 'MessageDelivered') out.push(`I18 “${text}” was never typed`);
  }
  return out;
}

/** I5: what lives is what a replay gives; nothing is stuck, poisoned or degraded. */
export async function differences(server: Server, mirror: World, log: EventStore): Promise<string[]> {
  const { host, processes } = server.system;
  const out: string[] = [];
  const report = await replay(log);
  if (report.difference) out.push(`I5 replay differs: ${canonicalJson(report.difference)}`);
  for (const [stream, folded] of await foldAll(log)) {
    const kind = categoryOf(stream);
    const live = await host.read(kind, stream.slice(kind.length + 1));
    if (canonicalJson(live) !== canonicalJson(folded.state))
      out.push(`I5 ${stream} lives in another state than its log`);
  }
  if (worldText(processes.world) !== worldText(mirror))
    out.push('I5 the world of the processes is not that of the log');
  for (const view of ['queue', 'workflow', 'fleet', 'coherence', 'inbox', 'cost', 'checks'])
    if (!(await server.views.rebuild(view)).equal) out.push(`I5 the view ${view} is not what a rebuild gives`);
  for (const { view, degraded } of server.views.status().views)
    if (degraded) out.push(`I5 the view ${view} is degraded: ${degraded.message}`);
  for (const { stream, reason } of host.quarantined()) out.push(`I14 ${stream} is quarantined: ${reason}`);
  for (const [stream, reason] of processes.world.poisoned) out.push(`I5 ${stream} is poisoned: ${reason}`);
  for (const { key, reason } of processes.stuck()) out.push(`I7 ${key} is stuck: ${reason}`);
  if (!processes.isIdle()) out.push('I11 obligations are left although nothing is open');
  return out;
}

/** Every actor by its own name, from the stream in which it lives now. */
async function foldAll(log: EventStore): Promise<Map<string, Folded>> {
  const all = new Map<string, Folded>();
  for await (const event of log.readAll()) {
    const kind = ACTORS.get(categoryOf(event.stream));
    if (!kind) throw new Error(`nobody knows ${event.stream}`);
    const actor = actorStreamOf(event.stream);
    const known = event.type === 'CarriedFrom' ? undefined : all.get(actor);
    const folded = known ?? startFold(kind, event.stream);
    all.set(actor, folded);
    foldEvent(kind, folded, event);
  }
  return all;
}

function worldText(world: World): string {
  const all = world.everything().map(({ kind, id, value, context }) => ({ kind, id, value, context }));
  return canonicalJson(all.sort((a, b) => (`${a.kind} ${a.id}` < `${b.kind} ${b.id}` ? -1 : 1)));
}
