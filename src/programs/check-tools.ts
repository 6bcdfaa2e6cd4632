import { join } from 'node:path';
import { openChecks } from '../checks/adapters/open-checks.ts';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import { createIds } from '../kernel/ids.ts';
import { openDataDirectory } from '../store/adapters/data-directory.ts';
import type { CheckTools } from '../transport/cli/index.ts';

const ids = createIds(systemClock, systemRandom);

/** The check engine with this machine's files, programs and git. Results lie in the data directory, beside the log. */
export const checkTools: CheckTools = {
  newRunId: () => ids.next('chk'),
  open({ folder, directory, readOnly, world }) {
    if (!readOnly) openDataDirectory(directory, { clock: systemClock });
    return openChecks({
      folder,
      results: join(directory, 'checked'),
      env: world.env,
      clock: systemClock,
      random: systemRandom,
      readOnly,
      async agents() {
        const { checkAgents } = await import('../transport/cli/doctor/agents.ts');
        const findings = await checkAgents(await world.programs.builtInAgents(), world);
        return findings.map(({ what, level, text, next }) => ({
          name: what.replace(/^agent /, ''),
          // A sign-in of which nothing can be told is no failure.
          good: level === 'ok' || text.includes('sign-in unknown'),
          text,
          next,
        }));
      },
    });
  },
};
