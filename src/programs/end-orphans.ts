import type { ActorHost } from '../actors/actor-host.ts';
import { type CommandBus, processPrincipal } from '../commands/index.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Agent } from '../machines/agent/index.ts';
import { isOurs, orphanAs, type World } from '../processes/index.ts';
import type { AgentProbe, Runner } from '../runtime/runner.ts';

const RIGHTLY_RUNNING = new Set(['requested', 'preparing', 'starting', 'stopping']);

/** An agent that runs here although the log knows nothing of it, or that it has ended, or that its work is another server's. */
export function isOrphan({ state, agentId }: AgentProbe, world: World): boolean {
  const agent = world.agents.get(agentId);
  const value = agent?.value ?? 'absent';
  const rightly = (value.startsWith('live.') || RIGHTLY_RUNNING.has(value)) && agent && isOurs(agent, world);
  return state === 'running' && !rightly;
}

/**
 * Warns of each, and ends at once those of which the log says that they have ended: their task may go on in the same files.
 * One that the log does not know is warned of and left to its guardian.
 */
export async function endOrphans(
  orphans: readonly AgentProbe[],
  parts: { runner: Runner; bus: CommandBus; host: ActorHost; log: Log },
): Promise<void> {
  const { runner, bus, host, log } = parts;
  const { settings } = host.config();
  const say = async (name: string, input: Record<string, unknown>) => {
    try {
      await bus.execute({ name, input, principal: processPrincipal('guardian') });
    } catch (error) {
      // That it cannot be written down keeps nobody alive.
      log.warn({ error: messageOf(error) }, 'an orphan is not recorded');
    }
  };
  for (const { agentId } of orphans) {
    const { value, context } = await host.read('agent', agentId);
    const agent = value === 'absent' ? null : (context as Agent);
    const orphan = orphanAs({ agentId, runnerId: runner.id, agent }, settings);
    log.warn({ agentId }, orphan.reason);
    await say('report_orphan', orphan);
    if (orphan.stopAfterMs !== 0) continue;
    await say('decide_stop', { agentId, warning: 'orphan', reason: orphan.reason });
    await runner.stopAgent({ agentId, graceMs: settings.limits.stopGraceMs });
  }
}
