import { plainLine } from '../../../kernel/plain-text.ts';
import { duration } from '../../words/index.ts';

export interface InboxAnswer {
  rows: Record<string, InboxRow>;
}

interface InboxRow {
  matterId: string;
  title: string;
  text: string;
  blocks: boolean;
  ageMs: number;
  steps: { words: string; shell: string }[];
}

const TEXT_MAX = 600;

/** Each matter with what it rests on and what to do about it; what blocks something comes first. */
export function inboxLines({ rows }: InboxAnswer): string[] {
  const matters = Object.values(rows);
  if (matters.length === 0) return ['Nothing waits for you.'];
  return matters.flatMap(({ matterId, title, text, blocks, ageMs, steps }, n) => [
    ...(n === 0 ? [] : ['']),
    `${blocks ? '!' : '○'} ${plainLine(title)}, for ${duration(ageMs)}`,
    `  ${plainLine(text, TEXT_MAX)}`,
    ...steps.map(({ words, shell }) => `  ${words}: ${plainLine(shell, TEXT_MAX)}`),
    `  Put it aside: heph inbox dismiss ${matterId}`,
  ]);
}
