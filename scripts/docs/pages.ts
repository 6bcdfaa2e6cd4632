import { coherencePages } from './coherence.ts';
import { commandPages } from './commands.ts';
import { configurationPages } from './configuration.ts';
import { errorPages } from './errors.ts';
import { machinePages } from './machines.ts';
import type { Pages } from './markdown.ts';
import { streamPages } from './stream-protocol.ts';
import { workflowPages } from './workflows.ts';

/** Every page that is made from the code, by its path below `docs/`. */
export function allPages(): Pages {
  return {
    ...machinePages(),
    ...coherencePages(),
    ...commandPages(),
    ...configurationPages(),
    ...errorPages(),
    ...streamPages(),
    ...workflowPages(),
  };
}
