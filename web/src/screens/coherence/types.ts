import type { Evidence } from '../../app/explained.ts';

export type Point = readonly [at: number, score: number | null];

export interface CoherenceRow {
  agentId: string;
  taskId: string | null;
  agent: string | null;
  attempt: number | null;
  phase: string | null;
  status: string;
  evidence: Evidence;
  living: boolean;
  /** Null: not known. */
  score: number | null;
  why: string;
  measuredAt: number | null;
  /** Until when the last verdict is taken to hold, when no other comes. */
  knownUntil: number | null;
  verdictEvidence: Evidence | null;
  signals: readonly SignalRow[];
  /** Oldest first; null is a gap. */
  series: readonly Point[];
  warnings: readonly WarningRow[];
}

export interface SignalRow {
  name: string;
  trouble: number | null;
  why: string;
  weight: number;
}

export interface WarningRow {
  warning: string;
  reason: string;
  since: number;
  stopAfterMs: number | null;
  evidence: Evidence;
  followed: { what: 'cleared' | 'stop_decided' | 'ended'; text: string; evidence: Evidence } | null;
}

export interface CoherenceSummary {
  score: number | null;
  living: number;
  measured: number;
  warnings: number;
  series: readonly Point[];
  settings: { intervalMs: number };
}
