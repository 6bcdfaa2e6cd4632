import { realpath } from 'node:fs/promises';
import { HephError, messageOf } from '../../../kernel/errors.ts';
import { deriveId } from '../../../kernel/ids.ts';
import type { Runner } from '../../runner.ts';
import { type GitAnswer, textOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { branchRef } from '../names.ts';
import { kindOf } from './files.ts';
import { inUsers, isDirty, userCommit } from './users-repository.ts';

const NPM_PLACEHOLDER = 'no test specified';

export function inspectUsers(hands: Hands): Runner['inspectRepository'] {
  return async ({ path, branch, fromHead }) => {
    const root = await rootOf(hands, path);
    const baseBranch = branch ?? (await checkedOutBranch(hands, root));
    const ref = branchRef(baseBranch);
    const baseCommit = await userCommit(hands, root, ref);
    if (!baseCommit) throw await noBase(hands, root, baseBranch);
    const dirty = await isDirty(hands, root);
    if (dirty && !fromHead) {
      throw new HephError(
        'repository.dirty',
        `Tracked files in ${root} are changed but not committed. Commit or stash them, or start with --from-head to leave them out.`,
      );
    }
    const detectedCheck = await detectCheck(hands, root, baseCommit);
    return { repositoryId: deriveId('rep', [root]), path: root, baseBranch, baseCommit, dirty, detectedCheck };
  };
}

async function rootOf(hands: Hands, path: string): Promise<string> {
  const notFound = (why: string) =>
    new HephError('repository.not_found', `${path} is no git repository with a work tree: ${why}`);
  if ((await kindOf(path)) === 'absent') throw notFound('there is nothing at that path.');
  let answer: GitAnswer;
  try {
    answer = await inUsers(hands, await realpath(path), ['rev-parse', '--show-toplevel'], [128]);
  } catch (error) {
    throw notFound(messageOf(error));
  }
  if (answer.code !== 0) throw notFound(answer.stderr.trim());
  return realpath(textOf(answer));
}

async function checkedOutBranch(hands: Hands, root: string): Promise<string> {
  const answer = await inUsers(hands, root, ['symbolic-ref', '--quiet', '--short', 'HEAD'], [1]);
  if (answer.code === 0) return textOf(answer);
  throw new HephError(
    'repository.no_branch',
    `${root} has no branch checked out (detached HEAD); name one with --branch.`,
  );
}

async function noBase(hands: Hands, root: string, branch: string): Promise<HephError> {
  const any = await inUsers(hands, root, ['rev-list', '--all', '--max-count=1']);
  return textOf(any)
    ? new HephError('repository.no_branch', `${root} has no branch ${branch}.`)
    : new HephError('repository.no_commit', `${root} has no commit yet. Commit once, then run again.`);
}

async function detectCheck(hands: Hands, root: string, commit: string): Promise<string | null> {
  const scripts = scriptsOf(
    await inUsers(hands, root, ['cat-file', 'blob', '--end-of-options', `${commit}:package.json`], [1, 128]),
  );
  const test = scripts?.test;
  return typeof test === 'string' && test.trim() && !test.includes(NPM_PLACEHOLDER) ? 'npm test' : null;
}

function scriptsOf(answer: GitAnswer): Record<string, unknown> | null {
  if (answer.code !== 0) return null;
  try {
    const parsed = JSON.parse(answer.stdout.toString('utf8')) as { scripts?: Record<string, unknown> } | null;
    return parsed?.scripts ?? null;
  } catch {
    return null;
  }
}
