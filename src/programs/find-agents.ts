import { homedir } from 'node:os';
import type { AgentFound } from '../checks/index.ts';

/** What is known of the programs of the agents that we ship: whether they are there, and signed in. */
export async function findAgents(
  env: Readonly<Record<string, string | undefined>>,
  home: string = homedir(),
): Promise<AgentFound[]> {
  const [{ probeAgents }, { BUILT_IN_AGENTS }] = await Promise.all([
    import('../checks/adapters/agent-probe.ts'),
    import('../machines/config/index.ts'),
  ]);
  return probeAgents(BUILT_IN_AGENTS, { env, home });
}
