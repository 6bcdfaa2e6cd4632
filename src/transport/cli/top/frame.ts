import { age, count, dollars, known, stateWord, tokens, type Tone } from '../../words/index.ts';
import { fit, shorten, widthOf } from './cells.ts';
import type { Top, TopAgent, TopMatter, TopTask } from './model.ts';

/** A stretch of text in one look. */
export interface Span {
  text: string;
  look?: Tone | 'bold' | 'dim';
}

export interface Line {
  spans: Span[];
  /** What a key would act on: `agt_…` or `tsk_…`; null for what is no row. */
  key: string | null;
}

interface Column<T> {
  name: string;
  /** The last to go is 0; of what does not fit the highest goes first. */
  rank: number;
  right?: boolean;
  text(row: T): string;
  look?(row: T): Span['look'];
  /** Takes what the others leave. */
  flexible?: true;
}

const FLEXIBLE_MIN = 12;
const GAP = 2;

/** What needs a person, who works and what waits, each with its headings, in so many columns of a terminal; without a limit each is as wide as its widest cell. */
export function tablesOf(top: Top, now: number, width = Number.POSITIVE_INFINITY): Line[] {
  const { matters, agents, waiting } = top;
  if (matters.length + agents.length + waiting.length === 0)
    return [said('No agent works and nothing waits.'), said('Start a run: heph run bugfix --repo . --goal "…"', 'dim')];
  return [
    ...(matters.length === 0
      ? []
      : [...table(matters, matterColumns(now), ({ matterId }) => matterId, width), said('')]),
    ...(agents.length === 0
      ? [said('No agent works.')]
      : table(agents, agentColumns(now), ({ agentId }) => agentId, width)),
    ...(waiting.length === 0 ? [] : [said('')]),
    ...(waiting.length === 0 ? [] : table(waiting, taskColumns(now), ({ taskId }) => taskId, width)),
  ];
}

export function said(text: string, look?: Span['look']): Line {
  return { spans: [look ? { text, look } : { text }], key: null };
}

function matterColumns(now: number): Column<TopMatter>[] {
  return [
    {
      name: 'needs you',
      rank: 0,
      text: ({ blocks, title }) => `${blocks ? '!' : '○'} ${shorten(title, 40)}`,
      look: () => 'attention',
    },
    { name: 'for', rank: 2, right: true, text: ({ since }) => age(now - since) },
    { name: 'why', rank: 1, flexible: true, text: ({ text }) => text },
  ];
}

function agentColumns(now: number): Column<TopAgent>[] {
  const state = ({ status }: TopAgent) => stateWord('agent', status);
  return [
    {
      name: 'status',
      rank: 0,
      text: (row) => `${state(row).shape} ${state(row).word}`,
      look: (row) => state(row).tone,
    },
    { name: 'for', rank: 2, right: true, text: ({ since }) => age(now - since) },
    { name: 'name', rank: 3, text: ({ agent }) => agent },
    { name: 'works on', rank: 0, flexible: true, text: ({ title }) => title },
    { name: 'phase', rank: 6, text: ({ phase }) => phase },
    { name: 'tokens', rank: 5, right: true, text: (row) => known(row.tokens, tokens) },
    { name: 'cost', rank: 4, right: true, text: (row) => known(row.costUsd, dollars) },
    { name: 'agent', rank: 7, text: ({ agentId }) => agentId, look: () => 'dim' },
  ];
}

function taskColumns(now: number): Column<TopTask>[] {
  return [
    { name: 'place', rank: 3, right: true, text: ({ place }) => known(place, String) },
    { name: 'for', rank: 2, right: true, text: ({ since }) => age(now - since) },
    { name: 'waits', rank: 0, text: ({ title }) => shorten(title, 30), look: () => 'waiting' },
    { name: 'why', rank: 0, flexible: true, text: ({ reason }) => reason },
    { name: 'task', rank: 7, text: ({ taskId }) => taskId, look: () => 'dim' },
  ];
}

function table<T>(rows: readonly T[], all: readonly Column<T>[], keyOf: (row: T) => string, width: number): Line[] {
  const wide = (column: Column<T>) => Math.max(widthOf(column.name), ...rows.map((row) => widthOf(column.text(row))));
  let columns = all.map((column) => ({ ...column, width: wide(column) }));
  const others = () => columns.reduce((sum, one) => sum + (one.flexible ? 0 : one.width), GAP * (columns.length - 1));
  const flexible = () => columns.find((one) => one.flexible)?.width ?? 0;
  while (others() + Math.min(FLEXIBLE_MIN, flexible()) > width && columns.some(({ rank }) => rank > 0)) {
    const highest = Math.max(...columns.map(({ rank }) => rank));
    columns = columns.filter(({ rank }) => rank !== highest);
  }
  const rest = Math.max(0, width - others());
  columns = columns.map((one) => (one.flexible ? { ...one, width: Math.min(one.width, rest) } : one));
  const line = (cell: (column: Column<T>) => Span, key: string | null): Line => ({
    spans: columns.map((column, at) => {
      const { text, ...look } = cell(column);
      const last = at === columns.length - 1;
      const fitted = fit(text, column.width, column.right);
      return { ...look, text: last ? fitted : fitted + ' '.repeat(GAP) };
    }),
    key,
  });
  return [
    line(({ name }) => ({ text: name, look: 'dim' }), null),
    ...rows.map((row) =>
      line((column) => {
        const look = column.look?.(row);
        return look ? { text: column.text(row), look } : { text: column.text(row) };
      }, keyOf(row)),
    ),
  ];
}

/** What of a list is seen in so many lines, so that the one at `at` is among them; what is above and below is counted. */
export function windowOf(lines: readonly Line[], at: number, height: number): Line[] {
  if (lines.length <= height) return [...lines];
  const room = Math.max(1, height - 1);
  const first = Math.min(Math.max(0, at - Math.floor(room / 2)), lines.length - room);
  const hidden = lines.filter((line, n) => line.key !== null && (n < first || n >= first + room)).length;
  return [...lines.slice(first, first + room), said(`${count(hidden, 'more row')}`, 'dim')];
}
