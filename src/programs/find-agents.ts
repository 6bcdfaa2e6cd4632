import { homedir } from 'node:os';
import type { AgentFound } from '../checks/index.ts';

/** What is known of the programs of the agents that we ship: whether they are there, and signed in. */
export async function findAgents(
  env: Readonly<Record<string, string | undefined>>,
  home: string = homedir(),
): Promise<AgentFound[]> {
  const [{ checkAgents }, { BUILT_IN_AGENTS }] = await Promise.all([
    import('../transport/cli/doctor/agents.ts'),
    import('../machines/config/index.ts'),
  ]);
  const findings = await checkAgents(BUILT_IN_AGENTS, { env, home });
  return findings.map(({ what, level, text, next }) => ({
    name: what.replace(/^agent /, ''),
    // A sign-in of which nothing can be told is no failure.
    good: level === 'ok' || text.includes('sign-in unknown'),
    text,
    next,
  }));
}
