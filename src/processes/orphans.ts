import type { Agent } from '../machines/agent/index.ts';
import type { Settings } from '../machines/config/index.ts';
import type { Guardian, Watched } from '../machines/guardian/index.ts';
import { type Hands, type Obligation, settled } from './define-process.ts';
import type { Entity } from './entity.ts';

/** So many agents are remembered to be gone; a start looks anew anyway. */
const CHECKED_MAX = 10_000;

/**
 * What is said of an agent that lives without being wanted; `agent` is what the log has of it. One that the log knows to have ended is stopped at once: its
 * task goes on, in the same files. One that it does not know at all harms nobody for now, and may be somebody's.
 */
export function orphanAs(
  { agentId, runnerId, agent }: { agentId: string; runnerId: string; agent: Agent | null },
  { guardian: { onOrphan, stopAfterMs } }: Settings,
): Watched & { reason: string; stopAfterMs: number | null } {
  if (agent)
    return {
      ...{ agentId, taskId: agent.taskId, workflowId: agent.workflowId, repositoryId: agent.repositoryId },
      ...{ runnerId, agent: agent.agent, phase: null, attempt: agent.attempt, stopAfterMs: 0 },
      reason: 'It lives although the log says that it has ended, or that its work is another server’s.',
    };
  return {
    ...{
      agentId,
      taskId: null,
      workflowId: null,
      repositoryId: null,
      runnerId,
      agent: null,
      phase: null,
      attempt: null,
    },
    stopAfterMs: onOrphan === 'stop' ? stopAfterMs : null,
    reason: 'It lives here, and the log knows no such agent.',
  };
}

/** Of one that was lost nobody saw the end. */
export function whetherGone({ id: agentId, value, context }: Entity<Agent>, checked: Set<string>): Obligation[] {
  if (value !== 'lost' || checked.has(agentId)) return [];
  return [
    {
      key: `gone:${agentId}`,
      light: true,
      async act({ runner, world, send }) {
        const { state } = await runner.probeAgent({ agentId });
        const orphan = orphanAs({ agentId, runnerId: context.runnerId, agent: context }, world.settings);
        if (state === 'running') await settled(send('report_orphan', orphan));
        if (checked.size >= CHECKED_MAX) checked.clear();
        checked.add(agentId);
      },
      // It is looked at again when a server starts.
      giveUp: async () => void checked.add(agentId),
    },
  ];
}

/** Who was warned of, and is to be stopped, is looked at once more and ended. */
export function orphanDuties({ id: agentId, context }: Entity<Guardian>): Obligation[] {
  const warning = context.warnings.orphan;
  if (!warning || warning.stopAfterMs === null) return [];
  return [
    {
      key: `orphan:${agentId}:${warning.since}`,
      notBefore: warning.since + warning.stopAfterMs,
      act: (hands) => endOrphan(agentId, warning.reason, hands),
    },
  ];
}

async function endOrphan(agentId: string, why: string, { runner, world, send }: Hands): Promise<void> {
  const found = await runner.probeAgent({ agentId });
  if (found.state === 'running') {
    await settled(send('decide_stop', { agentId, warning: 'orphan', reason: why }));
    await runner.stopAgent({ agentId, graceMs: world.settings.limits.stopGraceMs });
  }
  const reason = found.state === 'running' ? 'It was stopped.' : 'It does not run any more.';
  await settled(send('clear_warning', { agentId, warning: 'orphan', reason }));
}
