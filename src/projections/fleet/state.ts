import { type Config, configActor } from '../../machines/config/index.ts';
import type { Effect, Takes } from '../../machines/agent/index.ts';
import type { Evidence } from '../evidence.ts';
import type { HeardRunners } from '../runners.ts';

export interface FleetState {
  /** By task id, of all there have been: small, because a task of long ago may be begun again. `agentId`: its newest. */
  tasks: Map<string, { title: string; parentTaskId: string | null; agentId: string | null }>;
  /** By agent id: the living and, of the ended, the newest. */
  agents: Map<string, FleetAgent>;
  /** Ids of ended agents that are still here, oldest first. */
  ended: string[];
  fleet: { status: 'open' | 'paused' | 'stopped'; reason: string; evidence: Evidence | null };
  /** By agent id. */
  slots: Map<string, { taskId: string; agent: string; evidence: Evidence }>;
  /** By agent name. */
  stopped: Map<string, { reason: string; evidence: Evidence }>;
  /** By runner: the last thing that was recorded of one of its agents. */
  runners: Map<string, Evidence>;
  /** What runners said of themselves, where several servers share the log. */
  heard: HeardRunners;
  config: Config;
}

export interface FleetAgent {
  agentId: string;
  taskId: string;
  workflowId: string;
  /** Of its task; null where its creation is not in what was folded. */
  title: string | null;
  parentTaskId: string | null;
  attempt: number;
  /** The last one whose work was kept. */
  turn: number | null;
  agent: string;
  runnerId: string;
  /** The chart's state: `preparing`, `live.idle`, `exited`, … */
  status: string;
  evidence: Evidence;
  /** What the last change of activity was concluded from. */
  signal: string | null;
  branch: string | null;
  base: string | null;
  pid: number | null;
  startedAt: number | null;
  /** Null until something was reported: not measured is not nothing. */
  usage: { inputTokens: number; outputTokens: number; costUsd: number; wallMs: number } | null;
  stop: { reason: string; by: string } | null;
  /** What a person can say to it while it works. */
  takes: Takes;
  /** The last that a person said to it, and what became of it. */
  said: Said | null;
  end: {
    how: string;
    code: number | null;
    signal: string | null;
    livedMs: number | null;
    reason: string | null;
  } | null;
}

export interface Said {
  id: string;
  what: 'message' | 'interrupt';
  text: string;
  by: string;
  status: 'sent' | 'delivered' | 'undelivered';
  /** What its terminal showed soon after, once it was delivered. */
  effect: Effect | null;
  /** Why it did not reach the agent. */
  reason: string | null;
  evidence: Evidence;
}

export const ENDED_AGENT_STATES: readonly string[] = ['exited', 'lost'];

export function initialFleet(): FleetState {
  return {
    tasks: new Map(),
    agents: new Map(),
    ended: [],
    fleet: { status: 'open', reason: '', evidence: null },
    slots: new Map(),
    stopped: new Map(),
    runners: new Map(),
    heard: new Map(),
    config: configActor.initial(),
  };
}
