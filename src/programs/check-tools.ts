import { join } from 'node:path';
import { probeAgents } from '../checks/adapters/agent-probe.ts';
import { createProbes } from '../checks/adapters/probes.ts';
import { createTools } from '../checks/adapters/tools.ts';
import { openChecks } from '../checks/adapters/open-checks.ts';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { createIds } from '../kernel/ids.ts';
import { openDataDirectory } from '../store/adapters/data-directory.ts';
import type { CheckTools } from '../transport/cli/index.ts';
import { findAgents } from './find-agents.ts';

const ids = createIds(systemClock, systemRandom);

/** The check engine with this machine's files, programs and git. Results lie in the data directory, beside the log. */
export const checkTools: CheckTools = {
  newRunId: () => ids.next('chk'),
  probes({ env, home }) {
    const versionOf = createTools(null, env);
    return {
      ...createProbes((name) => versionOf(name, true)),
      agents: (presets) => probeAgents(presets, { env, home }),
    };
  },
  open({ folder, directory, readOnly, world }) {
    if (!readOnly) openDataDirectory(directory, { clock: systemClock });
    return openChecks({
      folder,
      results: join(directory, 'checked'),
      gates: join(directory, 'gates'),
      env: world.env,
      clock: systemClock,
      random: systemRandom,
      readOnly,
      agents: () => findAgents(world.env, world.home),
    });
  },
};
