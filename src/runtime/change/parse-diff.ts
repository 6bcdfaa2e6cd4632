import type { DiffFile, DiffStatus } from './diff.ts';

/** One entry of `git diff-tree --raw --numstat -z`; paths as latin1, so that every byte of them survives. */
export interface RawEntry {
  status: DiffStatus;
  oldMode: string;
  newMode: string;
  oldBlob: string;
  newBlob: string;
  oldPath: string;
  path: string;
  /** Null: git does not count its lines. */
  additions: number | null;
  deletions: number | null;
}

const STATUS: Readonly<Record<string, DiffStatus>> = {
  A: 'added',
  D: 'deleted',
  M: 'modified',
  R: 'renamed',
  T: 'type_changed',
};

/** Of the output as latin1. First come all raw records, then the counts in the same order. */
export function parseRaw(output: string): RawEntry[] {
  const items = output.split('\0');
  let at = 0;
  const next = () => items[at++] ?? '';
  const raw: Omit<RawEntry, 'additions' | 'deletions'>[] = [];
  while (items[at]?.startsWith(':')) {
    const [oldMode = '', newMode = '', oldBlob = '', newBlob = '', kind = ''] = next().slice(1).split(' ');
    const status = STATUS[kind[0] ?? ''] ?? 'modified';
    const oldPath = next();
    const path = status === 'renamed' ? next() : oldPath;
    raw.push({ status, oldMode, newMode, oldBlob, newBlob, oldPath, path });
  }
  return raw.map((entry) => {
    const [additions = '', deletions = '', path = ''] = splitTwice(next());
    // Of a rename both paths follow in items of their own.
    if (path === '') at += 2;
    return { ...entry, additions: count(additions), deletions: count(deletions) };
  });
}

/** A path may hold tabs. */
function splitTwice(item: string): string[] {
  const first = item.indexOf('\t');
  const second = item.indexOf('\t', first + 1);
  return [item.slice(0, first), item.slice(first + 1, second), item.slice(second + 1)];
}

const count = (text: string) => (/^\d+$/.test(text) ? Number(text) : null);

/**
 * The patch of each entry, in their order. A line of a file never begins like a header, for it follows a sign. What was a
 * file and is a link has two sections: it goes, and comes.
 */
export function splitPatches(output: string, entries: readonly RawEntry[]): string[] {
  const sections = output.split(/^(?=diff --git )/m).filter((section) => section.startsWith('diff --git '));
  let at = 0;
  return entries.map(({ status }) => {
    const many = status === 'type_changed' ? 2 : 1;
    const own = sections.slice(at, at + many).join('');
    at += many;
    return own;
  });
}

/** Cut at the end of a line, so that no character is cut either. */
export function cutPatch(patch: Buffer, bytesMax: number): { patch: string; truncated: boolean } {
  if (patch.length <= bytesMax) return { patch: patch.toString('utf8'), truncated: false };
  const end = patch.lastIndexOf(0x0a, bytesMax - 1) + 1;
  return { patch: patch.toString('utf8', 0, end), truncated: true };
}

/** A path as text: bytes that are no UTF-8 stand as `\xff`. */
export function pathText(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  return latin1.replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}

const NO_FILE = '000000';
export const GITLINK = '160000';

/** What is known of a file before its lines are looked at. */
export function fileOf(
  entry: RawEntry,
  sizes: ReadonlyMap<string, number>,
): Omit<DiffFile, 'patch' | 'omitted' | 'truncated'> {
  const { status, oldMode, newMode, oldBlob, newBlob, oldPath, path, additions, deletions } = entry;
  const mode = (text: string) => (text === NO_FILE ? null : text);
  return {
    ...{ path: pathText(path), oldPath: status === 'renamed' ? pathText(oldPath) : null, status },
    ...{ oldMode: mode(oldMode), newMode: mode(newMode) },
    ...{ oldBytes: sizes.get(oldBlob) ?? null, newBytes: sizes.get(newBlob) ?? null },
    ...{ additions, deletions, binary: additions === null },
  };
}
