import { messageOf } from '../kernel/errors.ts';
import type { Agent } from '../machines/agent/index.ts';
import type { AgentPreset, Settings } from '../machines/config/index.ts';
import type { Guardian, Watched } from '../machines/guardian/index.ts';
import type { Task } from '../machines/task/index.ts';
import type { Phase, Workflow } from '../machines/workflow/index.ts';
import type { AgentObservation } from '../runtime/runner.ts';
import type { AgentSignals } from './agent-sessions.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import { type Entity, isEndedAgent } from './entity.ts';
import { isFenced } from './lease.ts';
import { boundsOf, measure } from './measuring-agents.ts';
import { orphanDuties, whetherGone } from './orphans.ts';
import { beginWatch, notice, type Watch } from './watches.ts';
import type { World } from './world.ts';

/**
 * Each living agent is looked at now and then, and what was measured is handed to its guardian, who judges. When nobody
 * lives, nothing wakes up. Who is silent is warned of; who stays so, measured all the while, is stopped where the settings
 * say so. A time in which nobody looked counts for nothing.
 */
export interface GuardingParts {
  runnerId: string;
  signals: AgentSignals;
  /** How an agent of that name is started; null when there is none. */
  preset(name: string, world: World): AgentPreset | null;
}

const BYTES_MAX = 256 * 1024;
const FILES_MAX = 500;
/** A look that comes so many intervals late is the first after a gap. */
const GAP_INTERVALS = 3;

export function guarding(parts: GuardingParts): Process {
  const watches = new Map<string, Watch>();
  const checked = new Set<string>();
  return {
    name: 'guardian',
    concurrency: () => 4,
    obligations(entity, world, now) {
      if (entity.kind === 'guardian') return orphanDuties(entity as Entity<Guardian>);
      if (entity.kind !== 'agent') return [];
      const agent = entity as Entity<Agent>;
      if (agent.context.runnerId !== parts.runnerId) return [];
      if (!agent.value.startsWith('live.')) watches.delete(agent.id);
      if (isEndedAgent(agent)) return whetherGone(agent, checked);
      if (!agent.value.startsWith('live.')) return [];
      const guardian = world.guardians.get(agent.id);
      if (guardian?.context.stop) return [stop(agent, guardian.context.stop.reason)];
      const { intervalMs } = world.settings.guardian;
      if (intervalMs === 0) return [];
      const watch = watches.get(agent.id) ?? beginWatch(now, now + intervalMs);
      watches.set(agent.id, watch);
      return [look(agent, watch, parts)];
    },
  };
}

function look(agent: Entity<Agent>, watch: Watch, parts: GuardingParts): Obligation {
  return {
    key: `look:${agent.id}:${watch.since}:${watch.looks}:${watch.nextAt}`,
    notBefore: watch.nextAt,
    act: (hands) => lookAt(agent, watch, parts, hands),
  };
}

/** What the log has of it. */
interface About {
  agentId: string;
  agent: Agent;
  activity: string;
  task: Task | null;
  phase: Phase | null;
  baseline: Workflow['baseline'];
  preset: AgentPreset | null;
  /** When it was last heard of, by output or report (epoch ms). */
  heardAt: number;
  settings: Settings;
}

/** Measures, and has it judged. */
async function lookAt(entity: Entity<Agent>, watch: Watch, parts: GuardingParts, hands: Hands): Promise<void> {
  const about = aboutOf(entity, parts, hands.world);
  const { seen, reason } = await observed(hands, requestOf(about, watch, hands.clock.now()));
  const now = hands.clock.now();
  const heldUntil = takeIn(watch, seen, about, now);
  // It ends: whoever starts agents hears of it.
  if (seen && seen.state !== 'running') return;
  const usage = hands.world.usageOf(about.agent.workflowId);
  const measured = measure({ ...about, now, watch, seen, reason, usage });
  watch.measuredAt = now;
  const times = { measuredAt: now, heldUntil, watchedSince: watch.since };
  await settled(hands.send('judge_agent', { ...watchedAs(about), ...times, measured }));
}

function aboutOf(
  { id: agentId, context: agent, value }: Entity<Agent>,
  { signals, preset }: GuardingParts,
  world: World,
): About {
  const task = world.tasks.get(agent.taskId);
  const workflow = world.workflows.get(agent.workflowId)?.context;
  // That it went silent is no word of its own.
  const since = value === 'live.no_signal' ? 0 : agent.since;
  return {
    ...{ agentId, agent, activity: value.slice('live.'.length), task: task?.context ?? null },
    phase: workflow?.definition.phases.find(({ name }) => name === task?.context.spec.phase) ?? null,
    baseline: workflow?.baseline ?? null,
    preset: preset(agent.agent, world),
    heardAt: Math.max(signals.heardAt.get(agentId) ?? 0, since, task?.last.at ?? 0),
    settings: world.settings,
  };
}

type Request = Parameters<Hands['runner']['observeAgent']>[0];

function requestOf({ agentId, agent, phase, preset, heardAt, settings }: About, watch: Watch, now: number): Request {
  const { taskId, repositoryId, base } = agent;
  const promisedMs = preset?.silenceMs ?? settings.limits.agentSilenceMs;
  // Of one that was heard lately nobody need know whether it works.
  const processor = now - Math.max(heardAt, watch.since) >= promisedMs / 2 - settings.guardian.intervalMs;
  const files = boundsOf(phase) !== null && base !== null ? { taskId, repositoryId, base, max: FILES_MAX } : null;
  return { agentId, cursor: watch.cursor, bytesMax: BYTES_MAX, processor, ...(files && { files }) };
}

/** Notes what was seen; answers until when the look before this one was measured, null when there is a gap between them. */
function takeIn(watch: Watch, seen: AgentObservation | null, { preset, settings }: About, now: number): number | null {
  const { intervalMs } = settings.guardian;
  const before = watch.measuredAt;
  // The machine slept, or the clock was put: what was not watched is not known.
  const isLate = before !== null && Math.abs(now - before) > GAP_INTERVALS * intervalMs;
  if (isLate) Object.assign(watch, { since: now, processor: null });
  watch.nextAt = now + intervalMs;
  if (seen?.state === 'running') notice(watch, seen, preset?.output ?? 'text', now);
  else watch.looks++;
  return isLate ? null : before;
}

async function observed(
  { runner }: Hands,
  request: Request,
): Promise<{ seen: AgentObservation | null; reason: string }> {
  try {
    return { seen: await runner.observeAgent(request), reason: '' };
  } catch (error) {
    if (isFenced(error) || isSucceeded(error)) throw error;
    return { seen: null, reason: messageOf(error) };
  }
}

const isSucceeded = (error: unknown) => (error as { code?: unknown }).code === 'log.fenced';

function watchedAs({ agent: { agent: name, ...agent }, phase }: About): Watched {
  const { agentId, taskId, workflowId, repositoryId, runnerId, attempt } = agent;
  return { agentId, taskId, workflowId, repositoryId, runnerId, agent: name, phase: phase?.name ?? null, attempt };
}

/** Decided, and perhaps not done: a server may have died in between. */
function stop({ id: agentId }: Entity<Agent>, reason: string): Obligation {
  return {
    key: `stop:${agentId}`,
    light: true,
    act: async ({ send }) => void (await settled(send('stop_agent', { agentId, reason }))),
  };
}
