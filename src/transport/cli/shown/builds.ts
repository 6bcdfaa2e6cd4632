import { plainLine } from '../../../kernel/plain-text.ts';
import { ago, dollars, duration, percent, scoreText, stateWord } from '../../words/index.ts';
import { table } from '../output.ts';

export interface RunsAnswer {
  rows: Record<
    string,
    {
      bestOfNId: string;
      goal: string;
      status: string;
      n: number;
      candidates: Record<string, number>;
      winner: number | null;
      total: number | null;
      ageMs: number;
      words: string | null;
    }
  >;
  summary: { more: boolean };
}

/** A row for each best-of-N. */
export function runLines({ rows, summary }: RunsAnswer): string[] {
  const runs = Object.values(rows);
  if (runs.length === 0) return ['There is no best-of-N.'];
  const cells = runs.map((run) => [
    run.bestOfNId,
    run.n,
    plainLine(run.goal, 40),
    stateWord('bestOfN', run.status).word,
    Object.entries(run.candidates)
      .map(([status, count]) => `${count} ${stateWord('candidate', status).word}`)
      .join(', ') || null,
    run.winner === null ? null : `variant ${run.winner}`,
    run.total === null ? null : scoreText(run.total),
    ago(run.ageMs),
  ]);
  const lines = table(['best-of-N', 'n', 'goal', 'status', 'candidates', 'winner', 'total', 'since'], cells);
  return [...lines, ...more(summary)];
}

export interface BuildsAnswer {
  rows: Record<
    string,
    {
      buildId: string;
      parent: string | null;
      directive: string;
      agent: string;
      model: string | null;
      words: string;
      status: string;
      total: number | null;
      rank: number | null;
      won: boolean;
      changedLines: number;
      ageMs: number;
    }
  >;
  summary: { more: boolean };
}

/** A row for each build. */
export function buildLines({ rows, summary }: BuildsAnswer): string[] {
  const builds = Object.values(rows);
  if (builds.length === 0) return ['No build fits.'];
  const cells = builds.map((one) => [
    one.buildId,
    one.parent,
    one.directive.slice(0, 8),
    one.model === null ? one.agent : `${one.agent} ${one.model}`,
    one.words,
    stateWord('candidate', one.status).word,
    one.total === null ? null : scoreText(one.total),
    one.won ? 'won' : one.rank,
    ago(one.ageMs),
  ]);
  const headings = [
    'build',
    'parent',
    'directive',
    'agent',
    'what is different',
    'status',
    'total',
    'place',
    'planned',
  ];
  return [...table(headings, cells), ...more(summary)];
}

export interface StatsAnswer {
  rows: Record<string, Stats>;
  summary: { runs: number; decided: number };
}

interface Stats {
  by: string;
  key: string;
  builds: number;
  passed: number;
  passRate: number | null;
  decided: number;
  won: number;
  winRate: number | null;
  regret: number | null;
  costUsd: number | null;
  costUnknown: number;
  buildMs: number | null;
}

/** A table for each thing that is counted by. */
export function statLines({ rows, summary }: StatsAnswer): string[] {
  const stats = Object.values(rows);
  if (stats.length === 0) return ['No candidate has been built yet.'];
  const groups = [...new Set(stats.map(({ by }) => by))];
  const tables = groups.flatMap((group) => [
    ...groupLines(
      group,
      stats.filter(({ by }) => by === group),
    ),
    '',
  ]);
  return [...tables, `${summary.decided} of ${summary.runs} best-of-Ns had a winner; first verdicts only.`];
}

function groupLines(group: string, stats: readonly Stats[]): string[] {
  const cells = stats.map((one) => [
    one.key,
    one.builds,
    one.passRate === null ? null : percent(one.passRate),
    `${one.won} of ${one.decided}`,
    one.winRate === null ? null : percent(one.winRate),
    one.regret === null ? null : scoreText(one.regret),
    costText(one),
    one.buildMs === null ? null : duration(one.buildMs),
  ]);
  return table([group, 'builds', 'passed', 'won', 'win rate', 'regret', 'cost', 'built in'], cells);
}

function costText({ costUsd, costUnknown }: Stats): string | null {
  if (costUsd === null) return null;
  return `${dollars(costUsd)}${costUnknown > 0 ? `, ${costUnknown} unknown` : ''}`;
}

function more({ more: left }: { more: boolean }): string[] {
  return left ? ['There are more: ask for them with --limit.'] : [];
}
