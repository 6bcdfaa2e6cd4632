import type { Evidence } from '../../app/explained.ts';

export interface Reason {
  code: string;
  text: string;
  evidence: Evidence | null;
}

/** A row of the view `queue`. */
export interface QueueRow {
  taskId: string;
  workflowId: string;
  title: string;
  phase: string;
  agent: string | null;
  priority: Priority;
  boosted: boolean;
  status: string;
  running: boolean;
  evidence: Evidence;
  attempt: number;
  agentId: string | null;
  /** In the line, from 1; null: it does not wait for a slot. */
  position: number | null;
  reasons: Reason[];
}

export interface QueueSummary {
  slots: { used: number; cap: number; perAgent: Record<string, number> };
  fleet: { status: string; reason: string; evidence: Evidence | null };
  stoppedAgents: { agent: string; reason: string; evidence: Evidence }[];
  open: number;
}

export const PRIORITIES = ['critical', 'high', 'medium', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** States in which a task waits for its turn: only then it can be boosted and given another priority. */
const WAITING: readonly string[] = ['pending', 'blocked', 'queued'];

/** Why it cannot be put forward; null: it can. The server says the same when it is asked all the same. */
export function whyNotForward({ status, boosted }: QueueRow): string | null {
  if (!WAITING.includes(status)) return 'It does not wait in the line.';
  return boosted ? 'It is at the front already.' : null;
}

export function whyNoPriority({ status }: QueueRow): string | null {
  return WAITING.includes(status) ? null : 'Only a task that waits in the line can be given another priority.';
}

/** The next priority up (−1) or down (+1); null at the end. */
export function nextPriority(priority: Priority, by: -1 | 1): Priority | null {
  return PRIORITIES[PRIORITIES.indexOf(priority) + by] ?? null;
}
