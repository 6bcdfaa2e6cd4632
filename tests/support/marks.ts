import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How often each check of a test ran: each run leaves a letter in `<name>.mark` beside the repository. */
export function runsOf(root: string, ...names: string[]): number[] {
  return names.map((name) => {
    const file = join(root, '..', `${name}.mark`);
    return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
  });
}
