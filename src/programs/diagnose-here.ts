import { probeAgents } from '../checks/adapters/agent-probe.ts';
import { diagnose } from '../checks/adapters/diagnose.ts';
import { createProbes } from '../checks/adapters/probes.ts';
import { createTools } from '../checks/adapters/tools.ts';
import type { AgentPreset } from '../checks/index.ts';
import type { Finding } from '../kernel/findings.ts';

/** What a run needs of the machine that this program runs on, and what of it is missing. */
export function diagnoseHere(
  directory: string,
  { env, home }: { env: Readonly<Record<string, string | undefined>>; home: string },
  agents: Readonly<Record<string, AgentPreset>>,
): Promise<Finding[]> {
  const versionOf = createTools(null, env);
  const probes = {
    ...createProbes((name) => versionOf(name, true)),
    agents: (presets: Readonly<Record<string, AgentPreset>>) => probeAgents(presets, { env, home }),
  };
  return diagnose(probes, { directory, nodeVersion: process.versions.node, uid: process.getuid?.(), agents });
}
