import { plainLine } from '../../kernel/plain-text.ts';
import type { World } from './world.ts';

/** What a verb prints: text for people, or one JSON object per line for programs. Text of others is made safe on its way. */
export interface Output {
  readonly json: boolean;
  /** Whether colours can be seen: on a terminal, unless NO_COLOR is set. */
  readonly colour: boolean;
  /** A line for people; nothing with `--json`. */
  say(line?: string): void;
  /** A line for programs; nothing without `--json`. */
  record(value: unknown): void;
  /** A line on stderr that is no part of the result. */
  note(line: string): void;
}

export function createOutput(
  world: Pick<World, 'stdout' | 'stderr'> & Partial<Pick<World, 'env'>>,
  json: boolean,
): Output {
  return {
    json,
    colour: world.stdout.isTTY === true && !world.env?.NO_COLOR,
    say: (line = '') => void (json || world.stdout.write(`${line}\n`)),
    record: (value) => void (json && world.stdout.write(`${JSON.stringify(value)}\n`)),
    note: (line) => void world.stderr.write(`${line}\n`),
  };
}

/** Rows under their headings, as wide as their widest cell; a cell is at most `cellMax` characters. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[], cellMax = 60): string[] {
  const cells = [headings, ...rows].map((row) => row.map((cell) => plainLine(String(cell ?? '–'), cellMax)));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd(),
  );
}
