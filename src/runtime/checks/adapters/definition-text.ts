import type { Hands } from '../../worktrees/hands.ts';
import { inMirror } from '../../worktrees/adapters/mirror.ts';
import { commitId } from '../../worktrees/names.ts';

/** The `checks.yaml` of a commit; null when it has none. */
export async function definitionText(hands: Hands, repositoryId: string, commit: string): Promise<string | null> {
  const args = ['cat-file', 'blob', '--end-of-options', `${commitId(commit)}:checks.yaml`];
  const answer = await inMirror(hands, repositoryId, args, { accept: [1, 128] });
  return answer.code === 0 ? answer.stdout.toString('utf8') : null;
}
