import { plainLine, plainText } from '../../../kernel/plain-text.ts';
import { table } from '../output.ts';

interface Side {
  kind: string;
  turn: number | null;
  id: string | null;
}

export interface DiffAnswer {
  from: Side | null;
  to: Side | null;
  reason: string | null;
  additions: number;
  deletions: number;
  files: {
    path: string;
    oldPath: string | null;
    status: string;
    additions: number | null;
    deletions: number | null;
    patch: string | null;
    omitted: string | null;
    truncated: boolean;
  }[];
  filesMore: number;
}

const RESET = '\x1b[0m';
const COLOURS = { header: '\x1b[1m', hunk: '\x1b[36m', added: '\x1b[32m', removed: '\x1b[31m' } as const;

/** A unified diff, as git prints it; colours are ours, and whatever the files hold of escape sequences is gone. */
export function diffLines(answer: DiffAnswer, colour: boolean): string[] {
  const { files, reason, filesMore } = answer;
  if (files.length === 0) return [reason ?? 'Nothing differs.'];
  const isStat = files.every((file) => file.omitted === 'not_asked');
  const lines = isStat ? statLines(answer) : files.flatMap((file) => fileLines(file, colour));
  return filesMore > 0 ? [...lines, `# ${filesMore} more files differ; ask for one with --path.`] : lines;
}

function statLines({ files, additions, deletions, filesMore, from, to }: DiffAnswer): string[] {
  const rows = files.map(({ path, oldPath, status, additions: more, deletions: less }) => [
    oldPath === null ? plainLine(path, 200) : plainLine(`${oldPath} → ${path}`, 200),
    status.replace('_', ' '),
    more === null ? 'binary or large' : `+${more} −${less ?? 0}`,
  ]);
  const count = files.length + filesMore;
  return [
    ...table(['file', 'what', 'lines'], rows, 200),
    `${count} ${count === 1 ? 'file' : 'files'}, +${additions} −${deletions}: ${sideText(to)} against ${sideText(from)}.`,
  ];
}

function sideText(side: Side | null): string {
  if (side === null) return 'nothing';
  const commit = side.id === null ? '' : ` ${side.id.slice(0, 10)}`;
  switch (side.kind) {
    case 'turn':
      return `turn ${side.turn}${commit}`;
    case 'worktree':
      return 'the living worktree';
    case 'merged':
      return `what was merged${commit}`;
    case 'parent':
      return `the branch before${commit}`;
    default:
      return `its base${commit}`;
  }
}

function fileLines({ path, patch, omitted, truncated }: DiffAnswer['files'][number], colour: boolean): string[] {
  const name = plainLine(path, 400);
  if (patch === null) return [paint(`# ${name}: ${whyLeftOut(omitted)}`, 'header', colour)];
  const lines = patch.replace(/\n$/, '').split('\n');
  let inHeader = true;
  const shown = lines.map((line) => {
    if (line.startsWith('@@')) inHeader = false;
    else if (line.startsWith('diff --git ')) inHeader = true;
    // Each line by itself: a sequence that one file begins must not hide what follows.
    return paint(plainText(line).replace(/\n/g, '␍'), inHeader ? 'header' : kindOf(line), colour);
  });
  return truncated ? [...shown, `# ${name} goes on; ask for it with --path.`] : shown;
}

function whyLeftOut(omitted: string | null): string {
  switch (omitted) {
    case 'binary':
      return 'a binary file';
    case 'too_large':
      return 'too large to be compared line by line';
    default:
      return 'left out, for the whole is too long; ask for it with --path';
  }
}

function kindOf(line: string): keyof typeof COLOURS | null {
  if (line.startsWith('@@')) return 'hunk';
  if (line.startsWith('+')) return 'added';
  return line.startsWith('-') ? 'removed' : null;
}

function paint(line: string, kind: keyof typeof COLOURS | null, colour: boolean): string {
  return colour && kind !== null && line !== '' ? `${COLOURS[kind]}${line}${RESET}` : line;
}
