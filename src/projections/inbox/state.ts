import type { Takes } from '../../machines/agent/index.ts';
import type { Config } from '../../machines/config/index.ts';
import { configActor } from '../../machines/config/index.ts';
import type { Evidence } from '../evidence.ts';
import type { HeardRunners } from '../runners.ts';
import type { TrainLine } from '../train-line.ts';

/**
 * What needs a person. A matter is opened by an event and settled by another one, or put aside by a person; each is there
 * once, under what it is about, with the newest event that made it so.
 */
export interface InboxState {
  /** By what they are about: `agent:agt_…`, `task:tsk_…`, `fleet`. */
  matters: Map<string, Matter>;
  /** Keys of matters that only a person can settle, oldest first. */
  ended: string[];
  /** Ids that people have put aside, the newest. */
  dismissed: string[];
  /** Runs that go on. */
  runs: Map<string, OpenRun>;
  /** Tasks of runs that go on. */
  tasks: Map<string, { workflowId: string; title: string; ownMatter: boolean }>;
  /** Living agents. */
  agents: Map<string, LivingAgent>;
  /** Best-of-Ns under way: for which task of a run. */
  contests: Map<string, { taskId: string | null; workflowId: string | null; goal: string }>;
  /** By stream; those with somebody in line. */
  trains: Map<string, InboxTrain>;
  runners: HeardRunners;
  config: Config;
}

export const GOAL_SHOWN_MAX = 200;

export interface OpenRun {
  workflowId: string;
  name: string;
  title: string;
  goal: string;
  repository: string;
  runBranch: string;
  lastPhase: string;
  /** An operator is asked for the result. */
  operatorSubmits: boolean;
  runnerId: string | null;
  evidence: Evidence;
}

export interface LivingAgent {
  agentId: string;
  taskId: string;
  workflowId: string;
  agent: string;
  takes: Takes;
  denials: number;
}

export interface InboxTrain extends TrainLine {
  /** The one run it belongs to; null: a base branch, which outlives its runs. */
  workflowId: string | null;
}

export const KINDS = [
  'agent_needs_input',
  'agent_rate_limited',
  'agent_no_signal',
  'agent_refused',
  'agent_warned',
  'agent_orphaned',
  'task_failed',
  'best_of_n_failed',
  'run_paused',
  'run_failed',
  'run_unwatched',
  'result_awaited',
  'delivery_left',
  'fleet_paused',
  'fleet_stopped',
  'agents_stopped',
  'merge_stuck',
] as const;
export type Kind = (typeof KINDS)[number];

/** Something that a person can do about it: a command as it is sent, or words for what lies outside. */
export interface Step {
  words: string;
  command: string | null;
  input: Record<string, unknown>;
  /** The same for a shell. */
  shell: string;
}

export interface Matter {
  kind: Kind;
  title: string;
  text: string;
  /** Something stands still until somebody acts. */
  blocks: boolean;
  workflowId: string | null;
  taskId: string | null;
  agentId: string | null;
  steps: Step[];
  evidence: Evidence;
}

export function initialInbox(): InboxState {
  return {
    matters: new Map(),
    ended: [],
    dismissed: [],
    runs: new Map(),
    tasks: new Map(),
    agents: new Map(),
    contests: new Map(),
    trains: new Map(),
    runners: new Map(),
    config: configActor.initial(),
  };
}

export function matterId({ kind, evidence }: Pick<Matter, 'kind' | 'evidence'>): string {
  return `${kind}:${evidence.eventId}`;
}
