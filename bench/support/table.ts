import type { Figure } from '../measure.ts';

/** The figures as a table of Markdown, so that it reads the same in a terminal and in a page. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.subject,
    `${shortNumber(figure.product)} ${figure.unit}`,
    `${shortNumber(figure.floor)} ${figure.unit}`,
    shortNumber(figure.ratio),
    figure.goal,
    figure.met === null ? '–' : figure.met ? 'yes' : 'NO',
  ]);
  const all = [['subject', 'product', 'floor', 'ratio', 'goal', 'met'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [
    line(all[0] as string[]),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}

/** Three digits that count. */
function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 });
}
