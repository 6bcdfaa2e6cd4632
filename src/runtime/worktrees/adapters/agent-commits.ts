import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../kernel/errors.ts';
import { textOf } from '../git.ts';
import type { Hands } from '../hands.ts';
import { kindOf } from './files.ts';
import { commitOf, contains, inMirror } from './mirror.ts';

/**
 * Reading what an agent committed. Its `.git` is untrusted, and the one thing that git promises to be safe on such a
 * directory is serving a fetch; so that is all that is done with it, and what arrives is checked.
 */
const FETCH = [
  '-c',
  'fetch.fsckObjects=true',
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-prune',
  '--end-of-options',
];
const FETCH_TIMEOUT_MS = 60_000;
const TIPS_MAX = 1_000;

/** The agent's own HEAD, brought into the mirror, when it descends from `base`; else null. */
export async function fetchHead(
  hands: Hands,
  repositoryId: string,
  taskId: string,
  folder: string,
  base: string,
): Promise<string | null> {
  const gitDir = join(folder, '.git');
  if (!(await looksReadable(gitDir))) return null;
  const ref = `refs/heph/incoming/${taskId}`;
  try {
    const call = { timeoutMs: FETCH_TIMEOUT_MS };
    await inMirror(hands, repositoryId, [...FETCH, gitDir, `+HEAD:${ref}`], call);
  } catch (error) {
    hands.log.warn({ taskId, reason: messageOf(error) }, 'the commits of a worktree cannot be read');
    return null;
  }
  const head = await commitOf(hands, repositoryId, ref);
  return head && (await contains(hands, repositoryId, head, base)) ? head : null;
}

/**
 * Brings every commit that a ref, HEAD or the stash of the worktree names into the mirror and answers with those that
 * no ref of ours holds, rescue refs of this task aside. Null when the worktree's git directory cannot be read although
 * there is one. Commits that only a reflog of HEAD remembers (amended, reset) were given up by the agent.
 */
export async function fetchStrays(
  hands: Hands,
  repositoryId: string,
  taskId: string,
  folder: string,
): Promise<string[] | null> {
  const gitDir = join(folder, '.git');
  if ((await kindOf(gitDir)) !== 'directory') return [];
  if (!(await looksReadable(gitDir))) return null;
  try {
    const tips = await tipsOf(hands, repositoryId, gitDir);
    if (!tips.length) return [];
    await inMirror(hands, repositoryId, [...FETCH, gitDir, ...tips], { timeoutMs: FETCH_TIMEOUT_MS });
    return await withoutOurs(hands, repositoryId, taskId, tips);
  } catch (error) {
    hands.log.warn({ taskId, reason: messageOf(error) }, 'the commits of a worktree cannot be read');
    return null;
  }
}

// A link or a pipe in the place of HEAD would lead git elsewhere, or make it wait for ever.
async function looksReadable(gitDir: string): Promise<boolean> {
  if ((await kindOf(gitDir)) !== 'directory') return false;
  try {
    return (await lstat(join(gitDir, 'HEAD'))).isFile();
  } catch {
    return false;
  }
}

async function tipsOf(hands: Hands, repositoryId: string, gitDir: string): Promise<string[]> {
  const call = { timeoutMs: FETCH_TIMEOUT_MS };
  const listed = textOf(
    await inMirror(hands, repositoryId, ['ls-remote', '--quiet', '--end-of-options', gitDir], call),
  );
  const named = listed.split('\n').filter((line) => line && !line.endsWith('^{}'));
  const tips = [...named.map((line) => line.slice(0, line.indexOf('\t'))), ...(await stashed(gitDir))];
  return [...new Set(tips)].slice(0, TIPS_MAX);
}

/** Older entries of the stash are in its reflog only: `<old> <new> <who> <when>\t<message>`, a line each. */
async function stashed(gitDir: string): Promise<string[]> {
  const path = join(gitDir, 'logs', 'refs', 'stash');
  try {
    if (!(await lstat(path)).isFile()) return [];
    const lines = (await readFile(path, 'utf8')).split('\n');
    return lines.map((line) => line.split(' ')[1] ?? '').filter((id) => /^[0-9a-f]{40,64}$/.test(id));
  } catch {
    return [];
  }
}

async function withoutOurs(hands: Hands, repositoryId: string, taskId: string, tips: string[]): Promise<string[]> {
  const commits: string[] = [];
  for (const tip of tips) {
    const commit = await commitOf(hands, repositoryId, tip);
    if (commit) commits.push(commit);
  }
  if (!commits.length) return [];
  const ours = [`--exclude=refs/heph/rescue/${taskId}/*`, `--exclude=refs/heph/incoming/${taskId}`, '--all'];
  const args = ['rev-list', ...commits, '--not', ...ours];
  const strays = new Set(textOf(await inMirror(hands, repositoryId, args)).split('\n'));
  return [...new Set(commits)].filter((commit) => strays.has(commit)).sort();
}
