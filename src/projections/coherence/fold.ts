import type { AgentFact } from '../../machines/agent/index.ts';
import { type ConfigFact, configActor } from '../../machines/config/index.ts';
import type { GuardianFact } from '../../machines/guardian/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { type Evidence, evidenceOf } from '../evidence.ts';
import { addPoint, breakAt, holdUntil } from './series.ts';
import { type CoherenceAgent, type CoherenceState, ENDED_STATES, knownUntil, type Warning } from './state.ts';

type Known = GuardianFact | ConfigFact | Extract<AgentFact, { type: 'AgentRequested' }>;

const WARNINGS_MAX = 50;
/** A look that comes so many intervals after the last one leaves a gap. */
const GAP_INTERVALS = 3;

/** `endedMax`: so many ended agents stay. */
export function foldCoherence(state: CoherenceState, event: StoredEvent, endedMax: number): void {
  const fact = event as StoredEvent & Known;
  switch (fact.type) {
    case 'ConfigChanged':
    case 'ConfigOverridden':
      state.config = configActor.evolve(state.config, fact, event.at);
      return;
    case 'AgentRequested': {
      const { agentId, taskId, workflowId, attempt, agent } = fact.data;
      state.agents.set(agentId, {
        ...{ agentId, taskId, workflowId, attempt, agent, phase: null },
        ...{ status: event.meta.to ?? 'requested', evidence: evidenceOf(event), living: true },
        ...{ verdict: null, points: [], warnings: [] },
      });
      return;
    }
    case 'WatchBegun':
      return begin(state, fact.data, evidenceOf(event));
    case 'AgentJudged':
      return judged(state, event, fact.data);
    case 'WarningRaised':
      return raised(state, event, fact.data);
    case 'WarningCleared': {
      const { warning, reason } = fact.data;
      const agent = agentOf(state, event);
      follow(agent, warning, { what: 'cleared', text: reason, evidence: evidenceOf(event) });
      if (agent?.status === 'orphan') leave(state, agent, event, endedMax);
      return;
    }
    case 'StopDecided':
      return follow(agentOf(state, event), fact.data.warning, {
        ...{ what: 'stop_decided', text: fact.data.reason, evidence: evidenceOf(event) },
      });
    default:
      return moved(state, event, endedMax);
  }
}

function agentOf(state: CoherenceState, { stream }: StoredEvent): CoherenceAgent | undefined {
  return state.agents.get(stream.slice(stream.indexOf('-') + 1));
}

type DataOf<T extends GuardianFact['type']> = Extract<GuardianFact, { type: T }>['data'];

function begin(
  state: CoherenceState,
  { runnerId: _where, repositoryId: _what, ...watched }: DataOf<'WatchBegun'>,
  evidence: Evidence,
): void {
  const known = state.agents.get(watched.agentId);
  if (known) known.phase = watched.phase;
  else
    state.agents.set(watched.agentId, {
      ...watched,
      ...{ status: 'orphan', evidence, living: true, verdict: null, points: [], warnings: [] },
    });
}

function judged(state: CoherenceState, event: StoredEvent, data: DataOf<'AgentJudged'>): void {
  const agent = agentOf(state, event);
  if (!agent) return;
  const { score, signals, weights, measuredAt, heldUntil, intervalMs } = data;
  const before = agent.verdict;
  if (before) {
    const held = heldUntil ?? before.measuredAt + before.intervalMs;
    holdUntil(agent.points, Math.min(held, measuredAt - 1));
    if (measuredAt - held > GAP_INTERVALS * intervalMs || heldUntil === null) breakAt(agent.points, held + 1);
  }
  addPoint(agent.points, measuredAt, score);
  agent.verdict = { score, signals, weights, measuredAt, intervalMs, evidence: evidenceOf(event) };
  addSystem(state, measuredAt);
}

/** The mean of what is known at that moment. */
function addSystem({ agents, system }: CoherenceState, at: number): void {
  const last = system.at(-1);
  let sum = 0;
  let count = 0;
  for (const { living, verdict } of agents.values()) {
    if (!living || !verdict || verdict.score === null || knownUntil(verdict) < at) continue;
    sum += verdict.score;
    count += 1;
  }
  if (last) {
    const gapAt = last[0] + Math.max(...[...agents.values()].map(({ verdict }) => spanOf(verdict)));
    if (gapAt < at) breakAt(system, gapAt);
    else holdUntil(system, at - 1);
  }
  addPoint(system, at, count === 0 ? null : Math.round((sum / count) * 1000) / 1000);
}

function spanOf(verdict: CoherenceAgent['verdict']): number {
  return verdict ? knownUntil(verdict) - verdict.measuredAt : 0;
}

function raised(state: CoherenceState, event: StoredEvent, data: DataOf<'WarningRaised'>): void {
  const agent = agentOf(state, event);
  if (!agent) return;
  const open = agent.warnings.find(({ warning, followed }) => warning === data.warning && followed === null);
  const next: Warning = { ...data, evidence: evidenceOf(event), followed: null };
  // The same again, with another consequence: it goes on since it began.
  if (open) Object.assign(open, { ...next, since: open.since });
  else agent.warnings = [...agent.warnings, next].slice(-WARNINGS_MAX);
}

function follow(agent: CoherenceAgent | undefined, warning: string, followed: NonNullable<Warning['followed']>): void {
  const open = agent?.warnings.findLast((one) => one.warning === warning);
  if (open && (open.followed === null || open.followed.what === 'stop_decided')) open.followed ??= followed;
}

/** Any other fact of an agent: its state, and in the end what became of it. */
function moved(state: CoherenceState, event: StoredEvent, endedMax: number): void {
  if (!event.stream.startsWith('agent-')) return;
  const agent = agentOf(state, event);
  if (!agent) return;
  agent.status = event.meta.to ?? agent.status;
  agent.evidence = evidenceOf(event);
  if (agent.living && ENDED_STATES.includes(agent.status)) leave(state, agent, event, endedMax);
}

function leave(state: CoherenceState, agent: CoherenceAgent, event: StoredEvent, endedMax: number): void {
  agent.living = false;
  const evidence = evidenceOf(event);
  for (const warning of agent.warnings)
    warning.followed ??= { what: 'ended', text: `The agent ended: ${endWords(event)}.`, evidence };
  if (agent.verdict === null && agent.warnings.length === 0) {
    state.agents.delete(agent.agentId);
    return;
  }
  if (agent.verdict) {
    holdUntil(agent.points, Math.min(event.at, agent.verdict.measuredAt + agent.verdict.intervalMs));
    addSystem(state, event.at);
  }
  state.ended.push(agent.agentId);
  while (state.ended.length > endedMax) state.agents.delete(state.ended.shift() as string);
}

function endWords({ type, data }: StoredEvent): string {
  if (type === 'AgentExited')
    return data.how === 'exited' ? `with exit code ${String(data.code)}` : String(data.how).replace('_', ' ');
  return typeof data.reason === 'string' ? data.reason.slice(0, 300) : type;
}
