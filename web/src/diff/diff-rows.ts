import parser, { type Change } from 'gitdiff-parser';

/** A file of a diff, as `get_task_diff` gives it. */
export interface DiffFile {
  path: string;
  oldPath: string | null;
  status: 'added' | 'deleted' | 'modified' | 'renamed' | 'type_changed';
  oldMode: string | null;
  newMode: string | null;
  additions: number | null;
  deletions: number | null;
  binary: boolean;
  patch: string | null;
  omitted: 'not_asked' | 'binary' | 'too_large' | 'over_limit' | null;
  truncated: boolean;
}

/** One side of a line. */
export interface Side {
  line: number;
  text: string;
  kind: 'same' | 'added' | 'removed';
}

/** One row of the list that is shown. `file` is the place of the file in the answer. */
export type DiffRow =
  | { type: 'file'; file: number }
  | { type: 'hunk'; file: number; text: string }
  /** `old` or `new` null: there is none on that side. Unified, exactly one side is shown, or both where they are the same. */
  | { type: 'line'; file: number; old: Side | null; new: Side | null }
  | { type: 'note'; file: number; text: string; more: boolean };

const OMITTED: Readonly<Record<string, string>> = {
  binary: 'A binary file: its lines cannot be compared.',
  too_large: 'Too large to be compared line by line.',
  over_limit: 'The whole change is long; this file was left out.',
};

/** Every row, one file after the other. In `split` what was removed stands beside what came in its place. */
export function diffRows(files: readonly DiffFile[], split: boolean): DiffRow[] {
  return files.flatMap((file, n): DiffRow[] => [{ type: 'file', file: n }, ...bodyOf(file, n, split)]);
}

function bodyOf(file: DiffFile, n: number, split: boolean): DiffRow[] {
  const note = (text: string, more = false): DiffRow => ({ type: 'note', file: n, text, more });
  if (file.patch === null)
    return file.omitted ? [note(OMITTED[file.omitted] ?? file.omitted, file.omitted === 'over_limit')] : [];
  const rows = patchRows(file.patch, n, split);
  if (rows === null) return [note('This diff cannot be read; heph diff prints it as it is.')];
  const mode = file.oldMode && file.newMode && file.oldMode !== file.newMode;
  return [
    ...(mode ? [note(`Mode ${file.oldMode} → ${file.newMode}`)] : []),
    ...(rows.length === 0 && !mode ? [note('Its lines are the same.')] : rows),
    ...(file.truncated ? [note('It goes on.', true)] : []),
  ];
}

/** Null when it is no diff. */
function patchRows(patch: string, file: number, split: boolean): DiffRow[] | null {
  let parsed: ReturnType<typeof parser.parse>;
  try {
    parsed = parser.parse(patch);
  } catch {
    return null;
  }
  return parsed
    .flatMap(({ hunks }) => hunks)
    .flatMap((hunk): DiffRow[] => [
      { type: 'hunk', file, text: hunk.content },
      ...(split ? splitLines(hunk.changes) : hunk.changes.map(unifiedLine)).map((line) => ({
        type: 'line' as const,
        file,
        ...line,
      })),
    ]);
}

type Sides = { old: Side | null; new: Side | null };

function unifiedLine(change: Change): Sides {
  if (change.type === 'insert') return { old: null, new: side(change.lineNumber, change.content, 'added') };
  if (change.type === 'delete') return { old: side(change.lineNumber, change.content, 'removed'), new: null };
  return {
    old: side(change.oldLineNumber, change.content, 'same'),
    new: side(change.newLineNumber, change.content, 'same'),
  };
}

/** A run of removed lines stands beside the run of added ones behind it. */
function splitLines(changes: readonly Change[]): Sides[] {
  const rows: Sides[] = [];
  let removed: Side[] = [];
  let added: Side[] = [];
  const flush = () => {
    for (let n = 0; n < Math.max(removed.length, added.length); n++)
      rows.push({ old: removed[n] ?? null, new: added[n] ?? null });
    removed = [];
    added = [];
  };
  for (const change of changes) {
    const line = unifiedLine(change);
    if (change.type === 'delete') {
      // What was added before belongs to an earlier change.
      if (added.length > 0) flush();
      removed.push(line.old as Side);
    } else if (change.type === 'insert') added.push(line.new as Side);
    else {
      flush();
      rows.push(line);
    }
  }
  flush();
  return rows;
}

function side(line: number, text: string, kind: Side['kind']): Side {
  return { line, text, kind };
}
