import type { CheckSummary } from '../../machines/workflow/index.ts';
import type { Evidence } from '../evidence.ts';

/** Where a check was asked for: by a person, before a run, of a task's work, of what is merged, of a run's result. */
export type CheckKind = 'run' | 'baseline' | 'gate' | 'merge' | 'batch' | 'result';

/** What it came to. A gate may be passed by work whose check is red: some failures were there before. */
export type CheckVerdict = 'running' | 'passed' | 'failed' | 'skipped' | 'cancelled' | 'under_review';

/** One check of a run of checks. */
export interface CheckLine {
  name: string;
  status: string;
  cached: boolean;
  why: string;
  durationMs: number;
  attempts: number;
  exitCode: number | null;
  tests: { passed: number; failed: number; skipped: number } | null;
  /** The end of what it printed; of one that did not fail it is empty. */
  tail: string;
}

export interface CheckRow {
  key: string;
  kind: CheckKind;
  verdict: CheckVerdict;
  evidence: Evidence;
  repositoryId: string | null;
  workflowId: string | null;
  taskId: string | null;
  title: string | null;
  /** Of a gate. */
  attempt: number | null;
  /** What was checked: a commit, or the folder of a person. */
  commit: string | null;
  folder: string | null;
  /** Whether the folder had no change that is not in `commit`; null: nobody looked. */
  clean: boolean | null;
  /** A sentence, or what was sent back; empty where the summary says all. */
  words: string;
  code: string | null;
  summary: CheckSummary | null;
  /** With its own judges and with those of the base, when it touches what judges it. */
  judge: { own: boolean; original: boolean | null; touched: string[] } | null;
  durationMs: number | null;
  savedMs: number | null;
  /** Of a run of a person’s; of the others the single checks are in a blob: `get_check`. */
  checks: CheckLine[] | null;
  fixes: string[];
}

export interface ChecksState {
  /** The oldest first. */
  rows: Map<string, CheckRow>;
  /** Of tasks that have not ended. */
  tasks: Map<string, { title: string; attempt: number }>;
  /** Since the start of the log, those that are no longer here included. */
  counts: Record<string, number>;
}

export const initialChecks = (): ChecksState => ({ rows: new Map(), tasks: new Map(), counts: {} });
