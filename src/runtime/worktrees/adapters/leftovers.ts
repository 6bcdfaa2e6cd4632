import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf } from '../../../kernel/errors.ts';
import { endOrphan } from '../../checks/adapters/orphans.ts';
import type { Hands } from '../hands.ts';
import { codeOf, removeTree } from './files.ts';

/**
 * Removes what calls of an earlier, interrupted process left: half-made mirrors, renamed worktrees, indexes, and checks
 * with whatever still runs in them. What there is to remove is listed before this returns, so nothing newer is touched.
 */
export function sweepLeftovers(hands: Hands): Promise<void> {
  const inRepos = list(hands, 'repos').filter((path) => /\/\.new-[^/]+$/.test(path));
  const inWorktrees = list(hands, 'worktrees').filter((path) => /\/\.trash-[^/]+$/.test(path));
  const inChecks = list(hands, 'checks').filter((path) => !path.endsWith('/results'));
  const claims = list(hands, 'gates').flatMap((path) => list(hands, join('gates', basename(path), 'claims')));
  const groups = [
    ...inChecks.filter((path) => path.endsWith('.group.json')),
    ...claims.filter((path) => basename(path).startsWith('group-')),
  ];
  const rest = [...inRepos, ...inWorktrees, ...inChecks, ...claims, ...list(hands, 'scratch')];
  const sweep = async () => {
    for (const group of groups) await endOrphan(group);
    for (const path of rest) await removeTree(path);
  };
  return sweep().catch((error: unknown) => {
    hands.log.warn({ reason: messageOf(error) }, 'what an earlier process left could not be removed');
  });
}

function list(hands: Hands, part: string): string[] {
  const folder = join(hands.directory, part);
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
