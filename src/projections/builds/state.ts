import type { BuildRef } from '../../machines/best-of-n/index.ts';
import type { Evidence } from '../evidence.ts';

/** A line for each best-of-N there has been, with its builds; small, because all of them stay. */
export interface BuildsState {
  runs: Map<string, RunLine>;
}

export interface RunLine {
  bestOfNId: string;
  goal: string;
  repository: string;
  n: number;
  agents: string[];
  /** What counted how much, as `tests=3,diff=1`. */
  score: string;
  /** The build whose directive is variant 0; null when it was given in words. */
  from: BuildRef | null;
  /** The run that holds the candidates; null before it is open. */
  workflowId: string | null;
  status: string;
  evidence: Evidence;
  reason: string | null;
  /** By index. */
  builds: BuildLine[];
  /** The first verdict, which counts; null before there is one. `ranking`: indices, the winner first. */
  verdict: { winner: number; ranking: number[]; words: string } | null;
  /** Later verdicts, the newest last. */
  rescored: { verdict: number; winner: number | null; differs: boolean }[];
  startedAt: number;
  endedAt: number | null;
}

export interface BuildLine {
  index: number;
  /** What was changed against variant 0, in words. */
  words: string;
  agent: string;
  /** Null: the agent's own. */
  model: string | null;
  mutators: string[];
  /** The hash of the whole directive, shortened. */
  directive: string;
  taskId: string | null;
  /** Null while it has not ended. */
  outcome: 'passed' | 'failed' | 'died' | 'withdrawn' | null;
  reason: string;
  commit: string | null;
  changedLines: number;
  costUsd: number | null;
  buildMs: number;
  testMs: number;
  /** 0 to 1 under the run's first weights; null while it has not been scored. */
  total: number | null;
  plannedAt: number;
}

/** What a build comes to, in one word. */
export type BuildStatus = 'planned' | 'building' | 'passed' | 'failed' | 'died' | 'withdrawn' | 'cancelled';

const ENDED_WITHOUT = ['failed', 'cancelled'];

/** A build that had not ended when its run did is cancelled. */
export function statusOf(build: { outcome: BuildLine['outcome']; taskId: string | null }, run: string): BuildStatus {
  if (build.outcome !== null) return build.outcome;
  if (ENDED_WITHOUT.includes(run)) return 'cancelled';
  return build.taskId === null ? 'planned' : 'building';
}
