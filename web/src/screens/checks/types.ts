import type { Evidence } from '../../app/explained.ts';

/** A row of the view `checks`, as far as the page shows it. */
export interface CheckRow {
  key: string;
  kind: Kind;
  verdict: string;
  evidence: Evidence;
  workflowId: string | null;
  taskId: string | null;
  title: string | null;
  attempt: number | null;
  commit: string | null;
  folder: string | null;
  clean: boolean | null;
  words: string;
  code: string | null;
  summary: Summary | null;
  judge: { own: boolean; original: boolean | null; touched: string[] } | null;
  durationMs: number | null;
  savedMs: number | null;
  checks: CheckLine[] | null;
  fixes: string[];
}

export type Kind = 'run' | 'baseline' | 'gate' | 'merge' | 'batch' | 'result';

export interface Summary {
  command: string;
  commit: string;
  status: string;
  passed: number | null;
  failed: number | null;
  skipped: number | null;
  cache?: { cached: number; checks: number; savedMs: number; why: string };
}

export interface CheckLine {
  name: string;
  status: string;
  cached: boolean;
  why: string;
  durationMs: number;
  tests?: { passed: number; failed: number; skipped: number } | null;
  tail?: string;
}

export interface ChecksSummary {
  counts: Partial<Record<Kind, Record<string, number>>>;
  more: boolean;
}

export const KINDS: readonly { key: Kind; title: string; about: string }[] = [
  { key: 'gate', title: 'Tasks', about: 'a task’s work, as it was handed in' },
  { key: 'merge', title: 'Merges', about: 'what is merged, as it would be on the branch' },
  { key: 'batch', title: 'Batches', about: 'several merges together' },
  { key: 'baseline', title: 'Before', about: 'the base, before a run began' },
  { key: 'result', title: 'Results', about: 'the result of a run' },
  { key: 'run', title: 'By hand', about: 'heph check, of a person' },
];
