import { type Config, configActor } from '../../machines/config/index.ts';
import type { Evidence } from '../evidence.ts';
import { newSeries, type Series } from './series.ts';

/** What one agent preset with one model has used for one task, in sums of what was reported. */
export interface Entry {
  /** Null: of the workflow as a whole, or of a task that is no longer told apart. */
  taskId: string | null;
  phase: string | null;
  /** The preset’s name; null: no agent, but a model that the server asked. */
  agent: string | null;
  /** Null: the agent’s own choice, which nobody told. */
  model: string | null;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  wallMs: number;
  reports: number;
  /** Agents that came to life, and those of them that told what they used. */
  started: number;
  told: number;
  /** The last report. */
  evidence: Evidence | null;
}

export interface Run {
  workflowId: string;
  name: string;
  goal: string;
  entries: Map<string, Entry>;
  /** What is needed to know whose a report is; empty once the run has ended long ago. */
  tasks: Map<string, { title: string; phase: string; agent: string | null; model: string | null }>;
  agents: Map<string, { key: string; told: boolean }>;
  /** Over time; null once the run has ended long ago. */
  series: Series | null;
  /** How many tasks are no longer told apart. */
  merged: number;
}

export interface CostState {
  runs: Map<string, Run>;
  /** Runs that have ended and whose tasks are still told apart, oldest first. */
  ended: string[];
  series: Series;
  config: Config;
}

export function initialCost(): CostState {
  return { runs: new Map(), ended: [], series: newSeries(), config: configActor.initial() };
}
