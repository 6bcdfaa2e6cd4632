import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import type { Git } from './git.ts';
import { folderName } from './names.ts';

/** What the verbs of the repository half share. */
export interface Hands {
  /** The data directory's real path. */
  directory: string;
  git: Git;
  clock: Clock;
  random: Random;
  log: HandsLog;
  /** Takes secrets out of text before it leaves the runner. */
  redact(text: string): string;
  /** The user's environment; only names on an allow-list are taken from it. */
  environment: NodeJS.ProcessEnv;
}

export interface HandsLog {
  warn(details: Record<string, unknown>, message: string): void;
}

export const mirrorOf = (hands: Hands, repositoryId: string) =>
  join(hands.directory, 'repos', `${folderName(repositoryId)}.git`);
export const worktreesOf = (hands: Hands) => join(hands.directory, 'worktrees');
export const worktreeOf = (hands: Hands, taskId: string) => join(worktreesOf(hands), folderName(taskId));
export const checksOf = (hands: Hands) => join(hands.directory, 'checks');

/** A name nobody else has, for something that lives for moments. */
export function scratchName(hands: Pick<Hands, 'random'>, purpose: string): string {
  return `${purpose}-${Buffer.from(hands.random.bytes(9)).toString('base64url')}`;
}
