import { join } from 'node:path';
import { openChecks } from '../checks/adapters/open-checks.ts';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { createIds } from '../kernel/ids.ts';
import { openDataDirectory } from '../store/adapters/data-directory.ts';
import type { CheckTools } from '../transport/cli/index.ts';
import { diagnoseHere } from './diagnose-here.ts';
import { findAgents } from './find-agents.ts';

const ids = createIds(systemClock, systemRandom);

/** The check engine with this machine's files, programs and git. Results lie in the data directory, beside the log. */
export const checkTools: CheckTools = {
  newRunId: () => ids.next('chk'),
  diagnose: (directory, world, agents) => diagnoseHere(directory, world, agents),
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
