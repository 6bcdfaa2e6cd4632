import type { Config } from '../../machines/config/index.ts';
import { configActor } from '../../machines/config/index.ts';
import type { TaskSpec, Wait } from '../../machines/task/index.ts';
import type { Evidence } from '../evidence.ts';
import type { HeardRunners } from '../runners.ts';
import type { TrainLine } from '../train-line.ts';
import { type Candidate, lineUp, type Place } from './order.ts';

/**
 * What the line depends on: the tasks of workflows that go on, the fleet's slots, the merge trains and the settings.
 * A workflow that has ended leaves with its last open task, so the state is as large as the work under way.
 */
export interface QueueState {
  workflows: Map<string, QueuedWorkflow>;
  fleet: { status: 'open' | 'paused' | 'stopped'; reason: string; evidence: Evidence | null };
  /** By agent id. */
  slots: Map<string, HeldSlot>;
  /** By agent name. */
  stopped: Map<string, { reason: string; evidence: Evidence }>;
  runners: HeardRunners;
  /** By stream. */
  trains: Map<string, QueuedTrain>;
  config: Config;
  /** How many tasks have come so far. */
  arrivals: number;
}

export interface QueuedWorkflow {
  workflowId: string;
  status: 'active' | 'paused' | 'ended' | 'unknown';
  /** Whose work it is; null where there is one runner only. */
  runnerId: string | null;
  /** Why it is paused, or how it ended. */
  reason: string;
  evidence: Evidence | null;
  /** Phases that have begun and are not over. */
  phasesOpen: string[];
  /** The last event that began or ended a phase. */
  phaseEvidence: Evidence | null;
  open: number;
  tasks: Map<string, QueuedTask>;
}

export interface QueuedTask extends Candidate {
  workflowId: string;
  phase: string;
  title: string;
  parentTaskId: string | null;
  status: string;
  evidence: Evidence;
  /** Of the current attempt; 0 before the first. */
  attempt: number;
  agentId: string | null;
  waits: Wait[];
  /** Not to be assigned before this moment, and the failure that made it so. */
  notBefore: number;
  backoff: Evidence | null;
  feedback: string | null;
}

export interface HeldSlot {
  taskId: string;
  workflowId: string;
  agent: string;
  evidence: Evidence;
}

export interface QueuedTrain extends TrainLine {
  /** The one run it belongs to; null: a base branch, which outlives its runs. */
  workflowId: string | null;
}

export const ENDED_STATES: readonly string[] = ['done', 'failed', 'cancelled', 'duplicated'];
export const RUNNING_STATES: readonly string[] = ['assigned', 'in_progress'];

export function initialQueue(): QueueState {
  return {
    workflows: new Map(),
    fleet: { status: 'open', reason: '', evidence: null },
    slots: new Map(),
    stopped: new Map(),
    runners: new Map(),
    trains: new Map(),
    config: configActor.initial(),
    arrivals: 0,
  };
}

type Told = Pick<
  TaskSpec,
  'taskId' | 'workflowId' | 'phase' | 'phaseIndex' | 'title' | 'priority' | 'agent' | 'parentTaskId'
>;

export function queuedTask(spec: Told, arrived: number, evidence: Evidence): QueuedTask {
  return {
    taskId: spec.taskId,
    workflowId: spec.workflowId,
    phase: spec.phase,
    phaseIndex: spec.phaseIndex,
    title: spec.title,
    priority: spec.priority,
    agent: spec.agent,
    parentTaskId: spec.parentTaskId,
    boosted: false,
    arrived,
    status: 'pending',
    evidence,
    attempt: 0,
    agentId: null,
    waits: [],
    notBefore: 0,
    backoff: null,
    feedback: null,
  };
}

export function* openTasks(state: QueueState): Generator<QueuedTask> {
  for (const workflow of state.workflows.values())
    for (const task of workflow.tasks.values()) if (!ENDED_STATES.includes(task.status)) yield task;
}

/** The queued tasks that nothing but a slot is missing to, at the moment `now`, in the order they go. */
export function line(state: QueueState, now: number): Place<QueuedTask>[] {
  if (state.fleet.status !== 'open') return [];
  const taken = new Map<string, number>();
  for (const slot of state.slots.values()) taken.set(slot.agent, (taken.get(slot.agent) ?? 0) + 1);
  const { cap, perAgent } = state.config.settings.fleet;
  return lineUp(candidates(state, now), { cap, perAgent, taken });
}

function* candidates(state: QueueState, now: number): Generator<QueuedTask> {
  for (const workflow of state.workflows.values()) {
    if (workflow.status !== 'active') continue;
    for (const task of workflow.tasks.values())
      if (task.status === 'queued' && task.notBefore <= now && !(task.agent !== null && state.stopped.has(task.agent)))
        yield task;
  }
}
