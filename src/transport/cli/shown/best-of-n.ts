import { plainLine } from '../../../kernel/plain-text.ts';
import { dollars, duration, scoreText, stateWord } from '../../words/index.ts';
import { table } from '../output.ts';

/** One best-of-N as `get_best_of_n` answers it. */
export interface BestOfNAnswer {
  rows: Record<string, CandidateRow>;
  summary: {
    bestOfNId: string;
    status: string;
    goal: string;
    n: number;
    repository: { path: string; baseBranch: string; baseCommit: string };
    score: string;
    seed: number;
    from: string | null;
    workflowId: string | null;
    /** What a model was asked to write; null: none was. */
    drafting: { model: string; asked: number; drafts: number; problem: string } | null;
    verdict: VerdictRow | null;
    rescorings: RescoringRow[];
    commit: string | null;
    reason: string | null;
    durationMs: number;
  };
}

interface VerdictRow {
  winner: number | null;
  words: string;
}

export interface RescoringRow {
  verdict: number;
  by: string;
  score: string;
  check: string | null;
  /** The commit whose tests judge; null: the one that the candidates began at. */
  judges: string | null;
  measured: boolean;
  status: 'open' | 'reached' | 'abandoned';
  winner: number | null;
  differs: boolean | null;
  words: string | null;
}

interface ScoreRow {
  scorer: string;
  value: number;
  weight: number;
  words: string;
  evidence: string | null;
}

export interface CandidateRow {
  buildId: string;
  index: number;
  agent: string;
  model: string | null;
  words: string;
  taskId: string | null;
  status: string;
  statusText: string;
  scores: ScoreRow[] | null;
  total: number | null;
  rank: number | null;
  won: boolean;
  changedLines: number | null;
  costUsd: number | null;
  times: { buildMs: number | null; testMs: number | null };
  commit: string | null;
  task: { status: string; running: boolean; reasons: { text: string }[] } | null;
  later: { verdict: number; passed: boolean; total: number; rank: number | null; scores: ScoreRow[] }[];
}

const ENDED = ['completed', 'failed', 'cancelled'];
const GOAL_MAX = 200;
const REASON_MAX = 300;

/** The candidates side by side, what each scorer saw, who won and why, and every later verdict. */
export function bestOfNLines(answer: BestOfNAnswer): string[] {
  const { summary } = answer;
  const { path, baseBranch, baseCommit } = summary.repository;
  const state = `${stateWord('bestOfN', summary.status).word} after ${duration(summary.durationMs)}`;
  return [
    `Best of ${summary.n}, ${summary.bestOfNId}: ${state}${summary.workflowId ? `, run ${summary.workflowId}` : ''}`,
    `  goal: ${plainLine(summary.goal, GOAL_MAX)}`,
    `  on ${plainLine(path)} (${plainLine(baseBranch)} at ${baseCommit.slice(0, 10)}), scored by ${summary.score}, seed ${summary.seed}`,
    ...(summary.from ? [`  variant 0 is as ${summary.from} was`] : []),
    ...(summary.drafting ? [draftingLine(summary.drafting)] : []),
    '',
    ...candidateLines(answer),
  ];
}

function draftingLine({ model, asked, drafts, problem }: NonNullable<BestOfNAnswer['summary']['drafting']>): string {
  const why = problem === '' ? '' : `: ${plainLine(problem, REASON_MAX)}`;
  return `  ${plainLine(model, 100)} wrote ${drafts} of ${asked} variants${why}`;
}

/** The part that a report shows as well: the table, what it rests on, and the verdicts. */
export function candidateLines({ rows, summary }: BestOfNAnswer): string[] {
  const candidates = Object.values(rows);
  return [
    ...sideBySide(candidates),
    ...sawLines(candidates),
    ...openLines(candidates),
    '',
    ...verdictLines(summary),
    ...summary.rescorings.map(rescoringLine),
  ];
}

function sideBySide(candidates: readonly CandidateRow[]): string[] {
  const scorers = scorersOf(candidates.flatMap(({ scores }) => scores ?? []));
  const cells = candidates.map((one) => [
    one.index,
    one.model === null ? one.agent : `${one.agent} ${one.model}`,
    one.words,
    stateWord('candidate', one.status).word,
    one.total === null ? null : scoreText(one.total),
    ...scorers.map((scorer) => valueOf(one.scores, scorer)),
    one.changedLines,
    one.times.buildMs === null ? null : duration(one.times.buildMs),
    one.costUsd === null ? null : dollars(one.costUsd),
    one.won ? 'won' : one.rank,
  ]);
  const headings = [
    'variant',
    'agent',
    'what is different',
    'status',
    'total',
    ...scorers,
    'lines',
    'built in',
    'cost',
  ];
  return table([...headings, 'place'], cells);
}

/** A scorer that does not count has no column. */
function scorersOf(scores: readonly ScoreRow[]): string[] {
  return [...new Set(scores.filter(({ weight }) => weight > 0).map(({ scorer }) => scorer))];
}

function valueOf(scores: readonly ScoreRow[] | null, scorer: string): string | null {
  const score = scores?.find((one) => one.scorer === scorer);
  return score ? scoreText(score.value) : null;
}

/** What is the same of several candidates is said once. */
function sawLines(candidates: readonly CandidateRow[]): string[] {
  const seen = new Map<string, number[]>();
  const scored = candidates.flatMap(({ index, scores }) => (scores ?? []).map((score) => ({ index, ...score })));
  for (const scorer of scorersOf(scored))
    for (const { index, words } of scored.filter((one) => one.scorer === scorer)) {
      const line = `  ${scorer}: ${plainLine(words, REASON_MAX)}`;
      seen.set(line, [...(seen.get(line) ?? []), index]);
    }
  if (seen.size === 0) return [];
  const lines = [...seen].map(
    ([line, indices]) => `${line} (variant${indices.length > 1 ? 's' : ''} ${indices.join(', ')})`,
  );
  return ['', 'What the scorers saw', ...lines];
}

/** Those of which more is to be said than that they passed. */
function openLines(candidates: readonly CandidateRow[]): string[] {
  const lines = candidates
    .filter(({ status, scores }) => status !== 'passed' || scores === null)
    .map((one) => `  variant ${one.index}: ${plainLine(one.statusText, REASON_MAX)}${taskText(one)}`);
  return lines.length === 0 ? [] : ['', 'What else is to be said', ...lines];
}

function taskText({ task }: CandidateRow): string {
  if (!task) return '';
  const reasons = task.reasons.map(({ text }) => text).join('; ');
  return ` Its task is ${stateWord('task', task.status).word}${reasons === '' ? '' : `: ${plainLine(reasons, REASON_MAX)}`}.`;
}

function verdictLines({ status, verdict, commit, reason }: BestOfNAnswer['summary']): string[] {
  return [
    verdict
      ? plainLine(verdict.words)
      : `No winner${ENDED.includes(status) ? '' : ' yet'}: it is ${stateWord('bestOfN', status).word}.`,
    ...(reason ? [`Why: ${plainLine(reason, 2000)}`] : []),
    ...(commit ? [`The winner is merged as ${commit}.`] : []),
  ];
}

export function rescoringLine(row: RescoringRow): string {
  const { verdict, by, score, check, judges, measured, status, words } = row;
  const under = `${check === null ? '' : ` under ${plainLine(check)}`}${judges === null ? '' : ` by the tests of ${plainLine(judges, 10)}`}`;
  const how = measured ? `measured anew${under}` : 'recorded scores';
  const said = status === 'open' ? 'The candidates are being judged.' : plainLine(words ?? '', 1000);
  const what = status === 'abandoned' ? `given up: ${said}` : said;
  return `Verdict ${verdict}, ${score}, ${how}, by ${plainLine(by, 60)}: ${what}`;
}

/** The candidates as a later verdict has them. */
export function laterLines({ rows }: BestOfNAnswer, verdict: number): string[] {
  const judged = Object.values(rows).flatMap(({ index, later }) =>
    later.filter((one) => one.verdict === verdict).map((one) => ({ index, ...one })),
  );
  if (judged.length === 0) return [];
  const scorers = scorersOf(judged.flatMap(({ scores }) => scores));
  const cells = judged.map(({ index, passed, total, rank, scores }) => [
    index,
    passed ? 'passed' : 'failed',
    scoreText(total),
    ...scorers.map((scorer) => valueOf(scores, scorer)),
    rank,
  ]);
  return table(['variant', 'status', 'total', ...scorers, 'place'], cells);
}
