import type { Evidence } from '../../app/explained.ts';

/** A row of the view `builds` with `show: runs`. */
export interface RunRow {
  bestOfNId: string;
  goal: string;
  status: string;
  evidence: Evidence;
  n: number;
  agents: string[];
  candidates: Record<string, number>;
  winner: number | null;
  total: number | null;
  words: string | null;
  startedAt: number;
}

/** A row of the view `best-of-n`. */
export interface Candidate {
  buildId: string;
  index: number;
  words: string;
  agent: string;
  model: string | null;
  taskId: string | null;
  status: string;
  statusText: string;
  evidence: Evidence | null;
  check: { status: string; passed: number | null; failed: number | null; command: string } | null;
  scores: Score[] | null;
  total: number | null;
  rank: number | null;
  won: boolean;
  changedLines: number | null;
  costUsd: number | null;
  times: Record<'mutateMs' | 'modelMs' | 'buildMs' | 'testMs' | 'judgeMs', number | null>;
  commit: string | null;
  reason: string | null;
  later: { verdict: number; passed: boolean; total: number | null; rank: number | null; scores: Score[] }[];
}

export interface Score {
  scorer: string;
  value: number;
  words: string;
  weight: number;
}

export interface Contest {
  bestOfNId: string | null;
  status: string;
  evidence: Evidence | null;
  goal: string;
  constraints: Record<string, unknown>;
  criteria: string[];
  repository: { path: string; baseBranch: string };
  score: string;
  startedBy: string;
  workflowId: string | null;
  early: { words: string } | boolean | null;
  verdict: { winner: number | null; words: string; tie: string } | null;
  rescorings: Rescoring[];
  commit: string | null;
  reason: string | null;
  startedAt: number;
  endedAt: number | null;
  durationMs: number;
}

export interface Rescoring {
  verdict: number;
  by: string;
  score: string;
  check: string | null;
  judges: string | null;
  status: string;
  winner: number | null;
  differs: boolean | null;
  words: string | null;
}

/** What one verdict says of a candidate. */
export interface Judged {
  total: number | null;
  rank: number | null;
  scores: readonly Score[];
  passed: boolean | null;
  won: boolean;
}

/** `verdict` 1 is the first, which counts. */
export function judgedBy(candidate: Candidate, verdict: number, rescorings: readonly Rescoring[]): Judged {
  if (verdict === 1) {
    const { total, rank, scores, won, status } = candidate;
    return {
      total,
      rank,
      scores: scores ?? [],
      passed: status === 'passed' ? true : total === null ? null : false,
      won,
    };
  }
  const later = candidate.later.find((one) => one.verdict === verdict);
  const winner = rescorings.find((one) => one.verdict === verdict)?.winner ?? null;
  return {
    ...{ total: later?.total ?? null, rank: later?.rank ?? null, scores: later?.scores ?? [] },
    ...{ passed: later?.passed ?? null, won: winner === candidate.index },
  };
}

/** Every scorer that was asked, the weightiest first. */
export function scorersOf(all: readonly Judged[]): { scorer: string; weight: number }[] {
  const weights = new Map<string, number>();
  for (const { scores } of all) for (const { scorer, weight } of scores) weights.set(scorer, weight);
  return [...weights].map(([scorer, weight]) => ({ scorer, weight })).sort((a, b) => b.weight - a.weight);
}
