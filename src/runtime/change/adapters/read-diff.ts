import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HephError } from '../../../kernel/errors.ts';
import { fetchHead } from '../../worktrees/adapters/agent-commits.ts';
import { makeDirectory } from '../../worktrees/adapters/files.ts';
import { safeFolder } from '../../worktrees/adapters/keep-tree.ts';
import { commitOf, inMirror } from '../../worktrees/adapters/mirror.ts';
import { snapshotTree } from '../../worktrees/adapters/snapshot.ts';
import { textOf } from '../../worktrees/git.ts';
import type { Hands } from '../../worktrees/hands.ts';
import { commitId } from '../../worktrees/names.ts';
import { DIFF_LIMITS, type DiffFile, type DiffRequest, type TaskDiff } from '../diff.ts';
import { cutPatch, fileOf, GITLINK, parseRaw, pathText, type RawEntry, splitPatches } from '../parse-diff.ts';

/** Comparing more files than that for renames costs more than it tells. */
const RENAMES_MAX = 200;
const DIFF = [
  ...['-c', `core.bigFileThreshold=${DIFF_LIMITS.fileBytes + 1}`, 'diff-tree', '-r', '-M', `-l${RENAMES_MAX}`],
  ...['--no-ext-diff', '--no-textconv', '--no-color', '--submodule=short', '--ignore-submodules=none'],
];

/**
 * Compares in the mirror, with our own git directory alone: no filter, hook, driver or configuration of the repository or
 * of an agent has a say. Of a living worktree a tree is written first, as when a turn is kept; no ref names it.
 */
export function readDiff(hands: Hands): (request: DiffRequest) => Promise<TaskDiff> {
  return async (request) => {
    const { repositoryId, patches, path } = request;
    const to = request.to === null ? await livingTree(hands, request) : await known(hands, repositoryId, request.to);
    const from = await known(hands, repositoryId, request.from ?? `${to}^1`);
    const flags = ['--raw', '--numstat', '-z', '--no-abbrev'];
    const answer = await inMirror(hands, repositoryId, [...DIFF, ...flags, '--end-of-options', from, to]);
    const all = parseRaw(answer.stdout.toString('latin1'));
    const asked = path === undefined ? all : all.filter((entry) => pathText(entry.path) === path);
    const listed = asked.slice(0, DIFF_LIMITS.files);
    const sizes = await sizesOf(hands, repositoryId, listed);
    const files = patches
      ? await withPatches(hands, request, { from, to, listed, all, sizes })
      : listed.map((entry) => ({
          ...fileOf(entry, sizes),
          patch: null,
          omitted: 'not_asked' as const,
          truncated: false,
        }));
    return { from, to, files, filesMore: asked.length - listed.length };
  };
}

async function livingTree(hands: Hands, { taskId, repositoryId, base }: DiffRequest): Promise<string> {
  const folder = await safeFolder(hands, taskId);
  const head = await fetchHead(hands, repositoryId, taskId, folder, commitId(base));
  return snapshotTree(hands, repositoryId, folder, head ?? base);
}

async function known(hands: Hands, repositoryId: string, revision: string): Promise<string> {
  commitId(revision.replace(/\^1$/, ''));
  const commit = await commitOf(hands, repositoryId, revision);
  if (commit === null) throw new HephError('diff.not_kept', `The commit ${revision} is not kept any more.`);
  return commit;
}

/** By blob. A submodule has none of ours. */
async function sizesOf(hands: Hands, repositoryId: string, entries: readonly RawEntry[]): Promise<Map<string, number>> {
  const blobs = entries.flatMap(({ oldMode, newMode, oldBlob, newBlob }) => [
    ...(oldMode === GITLINK ? [] : [oldBlob]),
    ...(newMode === GITLINK ? [] : [newBlob]),
  ]);
  const wanted = [...new Set(blobs)].filter((blob) => !/^0+$/.test(blob));
  if (wanted.length === 0) return new Map();
  const input = wanted.map((blob) => `${blob}\n`).join('');
  const answer = await inMirror(hands, repositoryId, ['cat-file', '--batch-check=%(objectname) %(objectsize)'], {
    input,
  });
  const lines = textOf(answer).split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [blob = '', bytes = ''] = line.split(' ');
      return /^\d+$/.test(bytes) ? [[blob, Number(bytes)] as const] : [];
    }),
  );
}

interface Compared {
  from: string;
  to: string;
  listed: readonly RawEntry[];
  all: readonly RawEntry[];
  sizes: ReadonlyMap<string, number>;
}

async function withPatches(hands: Hands, request: DiffRequest, compared: Compared): Promise<DiffFile[]> {
  const { listed, sizes } = compared;
  const reasons = listed.map((entry) => whyNot(entry, sizes));
  let room: number = DIFF_LIMITS.comparedBytes;
  const chosen = new Set<RawEntry>();
  for (const [n, entry] of listed.entries()) {
    const bytes = bytesOf(entry, sizes);
    if (reasons[n] !== null || bytes > room) continue;
    room -= bytes;
    chosen.add(entry);
  }
  const patches = await patchesOf(hands, request.repositoryId, compared, chosen);
  const perFile = request.path === undefined ? DIFF_LIMITS.patchBytes : DIFF_LIMITS.onePatchBytes;
  let left: number = DIFF_LIMITS.patchesBytes;
  return listed.map((entry, n) => {
    const file = fileOf(entry, sizes);
    const reason = reasons[n] ?? (left <= 0 || !chosen.has(entry) ? 'over_limit' : null);
    const binary = reasons[n] === 'binary';
    if (reason !== null) return { ...file, binary, patch: null, omitted: reason, truncated: false };
    const cut = cutPatch(Buffer.from(patches.get(entry) ?? '', 'latin1'), Math.min(perFile, left));
    left -= cut.patch.length;
    return { ...file, binary, patch: hands.redact(cut.patch), omitted: null, truncated: cut.truncated };
  });
}

function bytesOf({ oldBlob, newBlob }: RawEntry, sizes: ReadonlyMap<string, number>): number {
  return (sizes.get(oldBlob) ?? 0) + (sizes.get(newBlob) ?? 0);
}

function whyNot({ oldBlob, newBlob, additions }: RawEntry, sizes: ReadonlyMap<string, number>) {
  const largest = Math.max(sizes.get(oldBlob) ?? 0, sizes.get(newBlob) ?? 0);
  if (largest > DIFF_LIMITS.fileBytes) return 'too_large' as const;
  return additions === null ? ('binary' as const) : null;
}

/** When something is left out, two trees are made that hold nothing but the rest: paths are data there, and never arguments. */
async function patchesOf(
  hands: Hands,
  repositoryId: string,
  { from, to, all }: Compared,
  chosen: ReadonlySet<RawEntry>,
): Promise<Map<RawEntry, string>> {
  if (chosen.size === 0) return new Map();
  const entries = all.filter((entry) => chosen.has(entry));
  const whole = entries.length === all.length;
  const [before, after] = whole ? [from, to] : await treesOf(hands, repositoryId, entries);
  const args = [...DIFF, '-p', '--full-index', '--end-of-options', before as string, after as string];
  const answer = await inMirror(hands, repositoryId, args);
  const patches = splitPatches(answer.stdout.toString('latin1'), entries);
  return new Map(entries.map((entry, n) => [entry, patches[n] ?? '']));
}

async function treesOf(hands: Hands, repositoryId: string, entries: readonly RawEntry[]): Promise<string[]> {
  const lines = [
    entries
      .filter(({ status }) => status !== 'added')
      .map(({ oldMode, oldBlob, oldPath }) => `${oldMode} ${oldBlob}\t${oldPath}\0`),
    entries
      .filter(({ status }) => status !== 'deleted')
      .map(({ newMode, newBlob, path }) => `${newMode} ${newBlob}\t${path}\0`),
  ];
  const scratchRoot = join(hands.directory, 'scratch');
  await makeDirectory(scratchRoot);
  const scratch = await mkdtemp(join(scratchRoot, 'index-'));
  try {
    const trees: string[] = [];
    for (const [n, side] of lines.entries()) {
      const call = { indexFile: join(scratch, `index-${n}`) };
      const input = Buffer.from(side.join(''), 'latin1');
      if (input.length > 0)
        await inMirror(hands, repositoryId, ['update-index', '-z', '--index-info'], { ...call, input });
      trees.push(textOf(await inMirror(hands, repositoryId, ['write-tree'], call)));
    }
    return trees;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
