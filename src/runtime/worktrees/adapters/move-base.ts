import type { Hands } from '../hands.ts';
import {
  type Checkout,
  inUsers,
  isAncestor,
  isDirty,
  listCheckouts,
  swapUsersRef,
  userCommit,
} from './users-repository.ts';

interface Move {
  root: string;
  branch: string;
  from: string;
  to: string;
}

/**
 * Moves the user's base branch forward where that disturbs nothing: null when it is moved (or was before), else the
 * reason in a sentence. A checked-out branch is moved together with its clean files by git's own fast-forward, with the
 * user's configuration (line endings, large-file filters) but without hooks; another one by compare-and-swap.
 */
export async function moveBase(hands: Hands, move: Move): Promise<string | null> {
  const { root, branch, from, to } = move;
  const ref = `refs/heads/${branch}`;
  const at = await userCommit(hands, root, ref);
  if (at === null) return `The branch ${branch} does not exist any more.`;
  if (at === to || (await isAncestor(hands, root, to, at))) return null;
  if (at !== from) return `The branch ${branch} has moved since the run began: it is at ${at.slice(0, 12)} now.`;
  if (!(await isAncestor(hands, root, from, to))) return `${branch} cannot be fast-forwarded to ${to.slice(0, 12)}.`;
  const checkouts = (await listCheckouts(hands, root)).filter((checkout) => checkout.branch === ref);
  const [only] = checkouts;
  if (checkouts.length > 1) return `${branch} is checked out in several places.`;
  if (only) return moveCheckedOut(hands, move, only);
  if (await swapUsersRef(hands, root, ref, to, from)) return null;
  return `The branch ${branch} was moved by somebody else just now.`;
}

async function moveCheckedOut(hands: Hands, move: Move, checkout: Checkout): Promise<string | null> {
  const { branch, to } = move;
  const { path } = checkout;
  if (!checkout.present) return `${branch} is checked out in ${path}, which is not there; see \`git worktree prune\`.`;
  if (checkout.busyWith) return `${path} is in the middle of ${checkout.busyWith}.`;
  if (await isDirty(hands, path)) return `${path} has changes that are not committed.`;
  // Ignored files count as well: a fast-forward would overwrite them without a word.
  const flags = ['--ff-only', '--no-autostash', '--no-overwrite-ignore', '--no-stat', '--quiet'];
  const answer = await inUsers(hands, path, ['merge', ...flags, '--end-of-options', to], [1, 2, 128]);
  if ((await userCommit(hands, path, `refs/heads/${branch}`)) === to) return null;
  return `git could not fast-forward ${branch} in ${path}: ${answer.stderr.trim().replace(/\s+/g, ' ').slice(0, 500)}`;
}
