import { setImmediate as nextTurn } from 'node:timers/promises';
import { judgeKindOf } from '../../checks/judge-files.ts';
import { changedLines } from '../../mutation/changed-lines.ts';
import type { LineRange } from '../../mutation/mutation.ts';
import { changedFiles } from '../../worktrees/adapters/keep-tree.ts';
import { inMirror } from '../../worktrees/adapters/mirror.ts';
import { itemsOf } from '../../worktrees/git.ts';
import type { Hands } from '../../worktrees/hands.ts';
import { commitId } from '../../worktrees/names.ts';
import type { ChangeRequest, MeasuredChange, MeasuredCode } from '../change.ts';
import { importsOf } from '../imports.ts';
import { createReuseMeter } from '../reuse.ts';
import { isSource, type Token, tokensOf } from '../tokens.ts';

const FILE_BYTES_MAX = 512 * 1024;
const BYTES_MAX = 32 * 1024 * 1024;
const BATCH_BYTES = 4 * 1024 * 1024;
const CHANGED_FILES_MAX = 200;

/** Reads the mirror's objects and nothing else: no checkout, no filter, no program of the repository's. */
export function measureChange(hands: Hands): (request: ChangeRequest) => Promise<MeasuredChange> {
  return async (request) => {
    const { repositoryId, base, commit } = request;
    const files = await changedFiles(hands, repositoryId, commitId(base), commitId(commit));
    const lines = files.reduce((sum, { insertions, deletions }) => sum + Math.max(1, insertions + deletions), 0);
    const code = request.sources ? await measureCode(hands, request, files) : null;
    return { files, changedLines: lines, code };
  };
}

interface Entry {
  path: string;
  blob: string;
  bytes: number;
}

async function measureCode(
  hands: Hands,
  { repositoryId, base, commit }: ChangeRequest,
  files: MeasuredChange['files'],
): Promise<MeasuredCode> {
  const touched = new Set(files.map(({ path }) => path));
  const [before, after] = [await sourcesOf(hands, repositoryId, base), await sourcesOf(hands, repositoryId, commit)];
  const changed = after.filter(({ path }) => touched.has(path));
  const readable = changed.filter(({ bytes }) => bytes <= FILE_BYTES_MAX).slice(0, CHANGED_FILES_MAX);
  const rest = within(after.filter(({ path }) => !touched.has(path)));

  const fresh: Token[][] = [];
  const kept: Token[][] = [];
  const now = new Set<string>();
  const unreadImports = changed.filter((entry) => !readable.includes(entry)).map(({ path }) => path);
  await readEach(hands, repositoryId, readable, async ({ path }, tokens) => {
    const imports = importsOf(path, tokens);
    if (imports) for (const name of imports) now.add(name);
    else unreadImports.push(path);
    // A test that repeats another, or the code that it tests, is no repetition of code.
    if (judgeKindOf(path, '') !== null) return;
    const ranges = await newLines(hands, repositoryId, { base, commit, path });
    const rows = rowsOf(tokens, ranges);
    fresh.push(...rows.fresh);
    kept.push(...rows.kept);
  });

  const earlier = new Set<string>();
  const hearImports = (path: string, tokens: readonly Token[]) => {
    for (const name of importsOf(path, tokens) ?? []) earlier.add(name);
  };
  const meter = createReuseMeter(fresh);
  for (const row of kept) meter.hear(row);
  await readEach(hands, repositoryId, rest.taken, async ({ path }, tokens) => {
    hearImports(path, tokens);
    if (judgeKindOf(path, '') === null) meter.hear(tokens);
  });
  const original = within(before.filter(({ path }) => touched.has(path)));
  await readEach(hands, repositoryId, original.taken, async ({ path }, tokens) => hearImports(path, tokens));
  return {
    newImports: [...now].filter((name) => !earlier.has(name) && !isOwn(name, after)).sort(),
    unreadImports: unreadImports.sort(),
    reuse: meter.result(),
    unread: rest.left + original.left + (changed.length - readable.length),
  };
}

/** Every plain source file of a commit, by path. */
async function sourcesOf(hands: Hands, repositoryId: string, commit: string): Promise<Entry[]> {
  const args = ['ls-tree', '-r', '-l', '-z', '--full-tree', commitId(commit)];
  return itemsOf(await inMirror(hands, repositoryId, args), 'utf8').flatMap((item) => {
    const [mode = '', kind, blob = '', bytes] = item.slice(0, item.indexOf('\t')).split(/ +/);
    const path = item.slice(item.indexOf('\t') + 1);
    if (kind !== 'blob' || !mode.startsWith('100') || !isSource(path) || path.includes('\ufffd')) return [];
    return [{ path, blob, bytes: Number(bytes) }];
  });
}

/** What may be read of them, in the order of their paths, and how many may not. */
function within(entries: readonly Entry[]): { taken: Entry[]; left: number } {
  let sum = 0;
  const taken = entries.filter(({ bytes }) => {
    if (bytes > FILE_BYTES_MAX || sum + bytes > BYTES_MAX) return false;
    sum += bytes;
    return true;
  });
  return { taken, left: entries.length - taken.length };
}

/** Tokens of each file, some megabytes at a time; others get their turn between two files. */
async function readEach(
  hands: Hands,
  repositoryId: string,
  entries: readonly Entry[],
  hear: (entry: Entry, tokens: Token[]) => Promise<void>,
): Promise<void> {
  for (const batch of batchesOf(entries)) {
    const texts = await textsOf(hands, repositoryId, batch);
    for (const [n, entry] of batch.entries()) {
      await hear(entry, tokensOf(entry.path, texts[n] ?? ''));
      await nextTurn();
    }
  }
}

function batchesOf(entries: readonly Entry[]): Entry[][] {
  const batches: Entry[][] = [];
  let room = 0;
  for (const entry of entries) {
    if (room < entry.bytes || batches.length === 0) {
      batches.push([]);
      room = BATCH_BYTES;
    }
    batches.at(-1)?.push(entry);
    room -= entry.bytes;
  }
  return batches;
}

async function textsOf(hands: Hands, repositoryId: string, batch: readonly Entry[]): Promise<string[]> {
  if (batch.length === 0) return [];
  const input = batch.map(({ blob }) => `${blob}\n`).join('');
  const { stdout } = await inMirror(hands, repositoryId, ['cat-file', '--batch'], { input });
  let at = 0;
  return batch.map(({ bytes }) => {
    const from = stdout.indexOf('\n', at) + 1;
    at = from + bytes + 1;
    return stdout.toString('utf8', from, from + bytes);
  });
}

async function newLines(
  hands: Hands,
  repositoryId: string,
  { base, commit, path }: { base: string; commit: string; path: string },
): Promise<LineRange[]> {
  const plain = ['--no-renames', '--no-ext-diff', '--no-textconv', '--no-color', '-U0'];
  const args = ['--literal-pathspecs', 'diff', ...plain, commitId(base), commitId(commit), '--', path];
  return changedLines((await inMirror(hands, repositoryId, args)).stdout.toString('utf8'));
}

/** The new lines as rows that follow each other, and what stands around them. */
function rowsOf(tokens: readonly Token[], ranges: readonly LineRange[]): { fresh: Token[][]; kept: Token[][] } {
  const rows = { fresh: [] as Token[][], kept: [] as Token[][] };
  let [next, before] = [0, 'none'];
  for (const token of tokens) {
    while ((ranges[next]?.[1] ?? Number.POSITIVE_INFINITY) < token.line) next++;
    const kind = (ranges[next]?.[0] ?? Number.POSITIVE_INFINITY) <= token.line ? 'fresh' : 'kept';
    if (kind !== before) rows[kind].push([]);
    rows[kind].at(-1)?.push(token);
    before = kind;
  }
  return rows;
}

/** A Python module may be a file of the repository. */
function isOwn(name: string, entries: readonly Entry[]): boolean {
  const pattern = new RegExp(`^(src/|lib/)?${name.replace(/[^\w]/g, '\\$&')}(\\.py$|/)`);
  return /^\w+$/.test(name) && entries.some(({ path }) => path.endsWith('.py') && pattern.test(path));
}
