import type { Evidence } from '../../app/explained.ts';

/** What the view `task` says, as far as it is shown here. */
export interface TaskSummary {
  taskId: string | null;
  workflowId: string;
  phase: string;
  title: string;
  description: string;
  priority: string;
  agent: string | null;
  status: string;
  evidence: Evidence;
  attempt: number;
  attemptsMax: number;
  round: number;
  roundsMax: number;
  restarts: number;
  agentId: string | null;
  boosted: boolean;
  waits: { code: string; text: string }[];
  messages: { text: string; by: string; at: number }[];
  progress: { message: string; fraction: number | null; at: number } | null;
  feedback: string | null;
  reason: string | null;
  code: string | null;
  result: { summary: string; how: string } | null;
  merged: string | null;
  usage: Usage | null;
  createdAt: number;
  workflow: {
    workflowId: string;
    name: string;
    goal: string;
    runBranch: string;
    repository: { path: string; baseBranch: string };
  };
  worktree: boolean;
  parent: Child | null;
  childrenCount: number;
  bestOfN: { bestOfNId: string; role: string; index: number | null } | null;
}

export interface Usage {
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  wallMs: number;
}

export interface Check {
  command: string;
  status: string;
  durationMs: number;
  passed: number | null;
  failed: number | null;
  skipped: number | null;
}

export interface Child {
  taskId: string;
  title: string;
  status: string;
  evidence: Evidence;
}

export interface AttemptRow {
  kind: 'attempt';
  attempt: number;
  agentId: string | null;
  agent: string | null;
  agentStatus: string | null;
  signal: string | null;
  branch: string | null;
  submitted: { summary: string; evidence: Evidence } | null;
  failure: { code: string; reason: string; evidence: Evidence } | null;
  end: { how: string; code: number | null } | null;
  usage: Usage | null;
  evidence: Evidence;
  durationMs: number;
}

export interface RoundRow {
  kind: 'round';
  attempt: number;
  round: number | null;
  verdict: 'under_review' | 'passed' | 'failed' | 'sent_back';
  words: string;
  check: Check | null;
  review: { taskId: string; status: string; verdict: string | null; feedback: string | null } | null;
  evidence: Evidence;
}

export interface TurnRow {
  kind: 'turn';
  turn: number;
  attempt: number;
  commit: string | null;
  files: { path: string; insertions: number | null; deletions: number | null }[];
  filesMore: number;
  evidence: Evidence;
}

export interface MergeRow {
  kind: 'merge';
  status: string;
  commit: string;
  reason: string | null;
  landedAs: string | null;
  isRevert: boolean;
  check: Check | null;
  evidence: Evidence;
}

export interface StateRow {
  kind: 'state';
  status: string;
  durationMs: number;
  evidence: Evidence;
}

export interface ProgressRow {
  kind: 'progress';
  message: string;
  fraction: number | null;
  evidence: Evidence;
}

export type ChildRow = { kind: 'child' } & Child;

export type TaskRow = AttemptRow | RoundRow | TurnRow | MergeRow | StateRow | ProgressRow | ChildRow;

/** The rows of one kind, in order. */
export function ofKind<K extends TaskRow['kind']>(rows: readonly TaskRow[], kind: K): Extract<TaskRow, { kind: K }>[] {
  return rows.filter((row): row is Extract<TaskRow, { kind: K }> => row.kind === kind);
}
