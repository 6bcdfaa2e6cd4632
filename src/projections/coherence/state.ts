import { type Config, configActor } from '../../machines/config/index.ts';
import {
  HELD_INTERVALS,
  type SignalName,
  type Signals,
  type Weights,
  type WarningName,
} from '../../machines/guardian/index.ts';
import type { Evidence } from '../evidence.ts';
import type { Point } from './series.ts';

export interface CoherenceState {
  /** By agent id: the living and, of the ended ones of which anything was measured, the newest. */
  agents: Map<string, CoherenceAgent>;
  /** Ids of ended agents that are still here, oldest first. */
  ended: string[];
  /** The mean over the agents that lived and were measured. */
  system: Point[];
  config: Config;
}

export interface CoherenceAgent {
  agentId: string;
  taskId: string | null;
  workflowId: string | null;
  agent: string | null;
  attempt: number | null;
  phase: string | null;
  /** The chart's state; `orphan` of one that the log knows by its guardian alone. */
  status: string;
  evidence: Evidence;
  living: boolean;
  verdict: Verdict | null;
  points: Point[];
  /** Oldest first. */
  warnings: Warning[];
}

export interface Verdict {
  score: number | null;
  signals: Signals;
  weights: Weights;
  measuredAt: number;
  intervalMs: number;
  evidence: Evidence;
}

export interface Warning {
  warning: WarningName | SignalName;
  reason: string;
  since: number;
  stopAfterMs: number | null;
  evidence: Evidence;
  /** What came of it; null: it still holds. */
  followed: { what: 'cleared' | 'stop_decided' | 'ended'; text: string; evidence: Evidence } | null;
}

export const ENDED_STATES: readonly string[] = ['exited', 'lost'];

/** A verdict is said again when it has held for so many intervals; later than this nobody knows whether it still holds. */
export function knownUntil({ measuredAt, intervalMs }: Pick<Verdict, 'measuredAt' | 'intervalMs'>): number {
  return measuredAt + (HELD_INTERVALS + 2) * intervalMs;
}

export function initialCoherence(): CoherenceState {
  return { agents: new Map(), ended: [], system: [], config: configActor.initial() };
}
