import { messageOf } from '../kernel/errors.ts';
import type { Agent } from '../machines/agent/index.ts';
import type { AgentPreset } from '../machines/config/index.ts';
import type { Guardian, Watched } from '../machines/guardian/index.ts';
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

/** Measures, and has it judged. */
async function lookAt(
  { id: agentId, context: agent, value }: Entity<Agent>,
  watch: Watch,
  { signals, preset }: GuardingParts,
  hands: Hands,
): Promise<void> {
  const { world, clock, send } = hands;
  const { settings } = world;
  const { intervalMs } = settings.guardian;
  const task = world.tasks.get(agent.taskId);
  const workflow = world.workflows.get(agent.workflowId)?.context;
  const phase = workflow?.definition.phases.find(({ name }) => name === task?.context.spec.phase) ?? null;
  const known = preset(agent.agent, world);
  const asksFiles = boundsOf(phase) !== null && agent.base !== null;
  const files = { taskId: agent.taskId, repositoryId: agent.repositoryId, base: agent.base ?? '', max: FILES_MAX };
  const { seen, reason } = await observed(hands, {
    ...{ agentId, cursor: watch.cursor, bytesMax: BYTES_MAX },
    ...(asksFiles && { files }),
  });
  const now = clock.now();
  const late = watch.measuredAt !== null && Math.abs(now - watch.measuredAt) > GAP_INTERVALS * intervalMs;
  // The machine slept, or the clock was put: what was not watched is not known.
  if (late) Object.assign(watch, { since: now, measuredAt: null, processor: null });
  watch.nextAt = now + intervalMs;
  if (seen && seen.state !== 'running') {
    watch.looks++;
    return;
  }
  if (seen) notice(watch, seen, known?.output ?? 'text', now);
  else watch.looks++;
  const silentSince = value === 'live.no_signal' ? 0 : agent.since;
  const measured = measure({
    ...{ now, watch, seen, reason, agent, phase, settings, preset: known },
    activity: value.slice('live.'.length),
    task: task?.context ?? null,
    baseline: workflow?.baseline ?? null,
    heardAt: Math.max(signals.heardAt.get(agentId) ?? 0, silentSince, task?.last.at ?? 0),
    usage: world.usageOf(agent.workflowId),
  });
  const heldUntil = watch.measuredAt;
  watch.measuredAt = now;
  const times = { measuredAt: now, heldUntil, watchedSince: watch.since };
  await settled(send('judge_agent', { ...watchedAs(agent, phase?.name ?? null), ...times, measured }));
}

type Request = Parameters<Hands['runner']['observeAgent']>[0];

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

function watchedAs(agent: Agent, phase: string | null): Watched {
  const { agentId, taskId, workflowId, repositoryId, runnerId, attempt, agent: name } = agent;
  return { agentId, taskId, workflowId, repositoryId, runnerId, agent: name, phase, attempt };
}

/** Decided, and perhaps not done: a server may have died in between. */
function stop({ id: agentId }: Entity<Agent>, reason: string): Obligation {
  return {
    key: `stop:${agentId}`,
    light: true,
    act: async ({ send }) => void (await settled(send('stop_agent', { agentId, reason }))),
  };
}
