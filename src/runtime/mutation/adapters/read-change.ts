import { isRepairable } from '../../../../agents/repair/src/sandbox.ts';
import { itemsOf } from '../../worktrees/git.ts';
import { type Hands, mirrorOf } from '../../worktrees/hands.ts';
import { commitId } from '../../worktrees/names.ts';
import { changedLines } from '../changed-lines.ts';
import type { ChangedFile } from '../mutation.ts';

const FILES_MAX = 200;

/** Source of languages whose lines could hide something and are not mutated. */
const OTHER_SOURCE =
  /\.(py|go|rs|java|kt|scala|rb|php|cs|c|cc|cpp|h|hpp|m|swift|ex|exs|erl|clj|hs|ml|lua|pl|sh|sql|vue|svelte|astro)$/;

export interface Change {
  /** JavaScript and TypeScript that is neither test nor configuration. */
  files: ChangedFile[];
  /** Changed files that hold code and are not measured. */
  unmeasured: string[];
}

/** What lies on the new side of a change, from the mirror: nothing is checked out and no filter runs. */
export async function readChange(
  hands: Hands,
  { repositoryId, base, commit }: { repositoryId: string; base: string; commit: string },
): Promise<Change> {
  const gitDir = mirrorOf(hands, repositoryId);
  const call = { cwd: gitDir, gitDir, config: 'ours' as const };
  const plain = ['--no-renames', '--no-ext-diff', '--no-textconv', '--no-color'];
  const sides = [commitId(base), commitId(commit), '--'];
  const named = await hands.git.run(['diff', ...plain, '--name-only', '-z', '--diff-filter=AMT', ...sides], call);
  const names = itemsOf(named, 'utf8');
  // A name that is no UTF-8 cannot be written to again under the name that was read.
  const sources = names.filter((name) => isRepairable(name) && !name.includes('\ufffd'));
  const files: ChangedFile[] = [];
  for (const file of sources.slice(0, FILES_MAX)) {
    const diff = ['--literal-pathspecs', 'diff', ...plain, '-U0', ...sides, file];
    const lines = changedLines((await hands.git.run(diff, call)).stdout.toString('utf8'));
    if (lines.length > 0) files.push({ file, lines });
  }
  const odd = names.filter((name) => OTHER_SOURCE.test(name) || (isRepairable(name) && name.includes('\ufffd')));
  return { files, unmeasured: [...odd, ...sources.slice(FILES_MAX)] };
}
