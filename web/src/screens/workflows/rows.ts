import type { Evidence } from '../../app/explained.ts';

export interface Delivery {
  runBranch: string;
  commit: string | null;
  baseBranch: string;
  base: 'moved' | 'left' | 'not_asked';
  reason: string | null;
}

/** A row of the view `workflow`: one run. */
export interface RunRow {
  workflowId: string;
  name: string;
  title: string;
  goal: string;
  repository: string;
  agent: string;
  status: string;
  evidence: Evidence;
  reason: string | null;
  phase: { name: string; round: number; status: string; evidence: Evidence } | null;
  /** How many tasks are in each state. */
  tasks: Record<string, number>;
  usage: { costUsd: number; inputTokens: number; outputTokens: number } | null;
  result: { submission: number; status: string; evidence: Evidence } | null;
  delivery: Delivery | null;
  runnerGone: string | null;
  startedAt: number;
  endedAt: number | null;
}

export interface Verdict {
  criterion: string;
  verdict: 'pass' | 'fail' | 'not_judged';
  evidence: string;
}

export interface CheckSummary {
  command: string;
  status: string;
  passed: number | null;
  failed: number | null;
}

/** The summary of the view `workflow` of one run. */
export interface RunSummary {
  workflowId: string | null;
  definition: { name: string; title: string; rounds_max: number };
  goal: string;
  params: Record<string, unknown>;
  repository: { path: string; baseBranch: string; baseCommit: string };
  runBranch: string;
  agent: string;
  check: string | null;
  merge: boolean;
  baseline: CheckSummary | null;
  results: {
    submission: number;
    status: string;
    summary: string;
    by: string;
    commit: string;
    criteria: Verdict[];
    feedback: string | null;
  }[];
  result: {
    criteria: { criterion: string; provedBy: string | null }[];
    status: string;
    awaits: { from: 'checks' | 'reviewer' | 'operator'; text: string } | null;
  };
  delivery: Delivery | null;
  reason: string | null;
  status: string;
  evidence: Evidence | null;
  runnerGone: string | null;
  phases: {
    name: string;
    goal: string;
    status: string;
    rounds: { round: number; status: string; evidence: Evidence | null }[];
  }[];
  counts: Record<string, number>;
  usage: { costUsd: number; inputTokens: number; outputTokens: number } | null;
  bestOfNId: string | null;
  startedAt: number;
  endedAt: number | null;
}

/** A row of that view: one task, with everything that is known of it. */
export interface TaskRow {
  taskId: string;
  phase: string;
  title: string;
  agent: string | null;
  parentTaskId: string | null;
  depth: number;
  status: string;
  evidence: Evidence;
  attempt: number;
  attemptsMax: number;
  round: number;
  progress: { message: string; fraction: number | null } | null;
  feedback: string | null;
  reason: string | null;
  waits: { code: string; text: string }[];
  result: { summary: string } | null;
  usage: { costUsd: number } | null;
}

const ENDED: readonly string[] = ['done', 'failed', 'cancelled', 'duplicated'];

export function isEnded(status: string): boolean {
  return ENDED.includes(status);
}

/** How many of a run's tasks have ended, of how many. */
export function ended(counts: Readonly<Record<string, number>>): { ended: number; all: number } {
  const sum = (states: readonly (readonly [string, number])[]) => states.reduce((total, [, n]) => total + n, 0);
  const states = Object.entries(counts);
  return { ended: sum(states.filter(([state]) => isEnded(state))), all: sum(states) };
}

/** Each task behind its parent, siblings in the order in which they came. One whose parent is not here stands by itself. */
export function asTree<R extends { taskId: string; parentTaskId: string | null }>(rows: readonly R[]): R[] {
  const here = new Set(rows.map(({ taskId }) => taskId));
  const rootOf = ({ parentTaskId }: R) => (parentTaskId !== null && here.has(parentTaskId) ? parentTaskId : null);
  const children = Map.groupBy(rows, rootOf);
  const out: R[] = [];
  const seen = new Set<string>();
  const walk = (row: R) => {
    if (seen.has(row.taskId)) return;
    seen.add(row.taskId);
    out.push(row);
    for (const child of children.get(row.taskId) ?? []) walk(child);
  };
  for (const root of children.get(null) ?? []) walk(root);
  // A circle of parents has no root; nothing is left out for that.
  for (const row of rows) walk(row);
  return out;
}

/** What is to be said of a task beside its state: why it waits or failed, how far it is, what it came to. */
export function sayingOf({ status, progress, waits, reason, feedback, result }: TaskRow): string {
  if (status === 'failed' || status === 'cancelled' || status === 'duplicated') return reason ?? '';
  if (status === 'done') return result?.summary ?? '';
  if (waits.length > 0) return waits.map(({ text }) => text).join(' ');
  if (progress) {
    const far = progress.fraction === null ? '' : `${Math.round(progress.fraction * 100)} %: `;
    return `${far}${progress.message}`;
  }
  return feedback ?? reason ?? '';
}
