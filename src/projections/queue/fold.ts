import { actorStreamOf } from '../../machines/carry-over.ts';
import type { ConfigFact } from '../../machines/config/index.ts';
import { configActor } from '../../machines/config/index.ts';
import type { FleetFact } from '../../machines/fleet/index.ts';
import type { RunnerFact } from '../../machines/runner/index.ts';
import type { TaskFact } from '../../machines/task/index.ts';
import type { WorkflowFact } from '../../machines/workflow/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { type Evidence, evidenceOf } from '../evidence.ts';
import { foldRunner } from '../runners.ts';
import { foldLine, isOfTrain, newLine, type TrainEvent } from '../train-line.ts';
import {
  ENDED_STATES,
  type QueuedTask,
  type QueuedTrain,
  type QueuedWorkflow,
  type QueueState,
  queuedTask,
} from './state.ts';

type Known = RunnerFact | TaskFact | WorkflowFact | FleetFact | ConfigFact;

export function foldQueue(state: QueueState, event: StoredEvent): void {
  if (isOfTrain(event)) return foldTrain(state, event);
  // An event of another kind falls through the switch.
  const fact = event as StoredEvent & Known;
  switch (fact.type) {
    case 'TaskCreated': {
      const workflow = workflowOf(state, fact.data.workflowId);
      workflow.tasks.set(fact.data.taskId, queuedTask(fact.data, state.arrivals++, evidenceOf(event)));
      workflow.open += 1;
      return;
    }
    case 'TaskBlocked':
      enter(state, event).waits = fact.data.reasons;
      return;
    case 'TaskQueued':
    case 'TaskStarted':
    case 'WorkSubmitted':
    case 'ValidationPassed':
      enter(state, event);
      return;
    case 'TaskBoosted':
      taskOf(state, event).boosted = true;
      return;
    case 'TaskPrioritySet':
      taskOf(state, event).priority = fact.data.priority;
      return;
    case 'TaskAssigned': {
      const task = enter(state, event);
      task.agentId = fact.data.agentId;
      task.attempt = fact.data.attempt;
      task.backoff = null;
      return;
    }
    case 'ValidationFailed':
    case 'WorkSentBack':
      enter(state, event).feedback = fact.data.feedback;
      return;
    case 'AttemptFailed': {
      const task = enter(state, event);
      task.notBefore = fact.data.notBefore;
      task.backoff = task.evidence;
      return;
    }
    case 'TaskRestarted': {
      const task = enter(state, event);
      task.arrived = state.arrivals++;
      task.notBefore = 0;
      task.backoff = null;
      task.agentId = null;
      return;
    }
    case 'TaskMerged':
    case 'TaskCompleted':
    case 'TaskFailed':
    case 'TaskCancelled':
    case 'TaskDuplicated':
      enter(state, event).agentId = null;
      return;
    case 'WorkflowStarted': {
      const workflow = workflowOf(state, fact.data.workflowId);
      workflow.runnerId = fact.data.runnerId ?? null;
      turn(workflow, 'active', '', evidenceOf(event));
      return;
    }
    case 'WorkflowAdopted':
      workflowOf(state, idOf(event)).runnerId = fact.data.runnerId;
      return;
    case 'RunnerRegistered':
    case 'LeaseRenewed':
    case 'RunnerRetired':
      foldRunner(state.runners, event);
      return;
    case 'PhaseStarted':
    case 'PhaseCompleted': {
      const workflow = workflowOf(state, idOf(event));
      const others = workflow.phasesOpen.filter((phase) => phase !== fact.data.phase);
      workflow.phasesOpen = fact.type === 'PhaseStarted' ? [...others, fact.data.phase] : others;
      workflow.phaseEvidence = evidenceOf(event);
      return;
    }
    case 'WorkflowPaused':
      turn(workflowOf(state, idOf(event)), 'paused', fact.data.reason, evidenceOf(event));
      return;
    case 'WorkflowResumed':
      turn(workflowOf(state, idOf(event)), 'active', '', evidenceOf(event));
      return;
    case 'WorkflowCompleted':
      end(state, event, 'completed');
      return;
    case 'WorkflowFailed':
    case 'WorkflowCancelled':
      end(state, event, fact.type === 'WorkflowFailed' ? 'failed' : 'cancelled');
      return;
    case 'SlotGranted': {
      const { agentId, taskId, workflowId, agent } = fact.data;
      state.slots.set(agentId, { taskId, workflowId, agent, evidence: evidenceOf(event) });
      return;
    }
    case 'SlotReleased':
      state.slots.delete(fact.data.agentId);
      return;
    case 'AgentKindStopped':
      state.stopped.set(fact.data.agent, { reason: fact.data.reason, evidence: evidenceOf(event) });
      return;
    case 'FleetPaused':
    case 'FleetStopped':
      state.fleet = {
        status: fact.type === 'FleetPaused' ? 'paused' : 'stopped',
        reason: fact.data.reason,
        evidence: evidenceOf(event),
      };
      return;
    case 'FleetResumed':
      state.fleet = { status: 'open', reason: '', evidence: evidenceOf(event) };
      state.stopped.clear();
      return;
    case 'ConfigChanged':
    case 'ConfigOverridden':
      state.config = configActor.evolve(state.config, fact, event.at);
      return;
  }
}

function foldTrain(state: QueueState, event: TrainEvent): void {
  const stream = actorStreamOf(event.stream);
  // Its last candidate was the last of all, and it was let go of.
  if (event.type === 'BatchEnded' && !state.trains.has(stream)) return;
  const train = trainOf(state, event);
  // A candidate without a task is a whole run on its way to the base branch.
  if (event.type === 'CandidateQueued' && event.data.taskId !== null) train.workflowId = event.data.workflowId;
  foldLine(train, event);
  if (isIdle(train) && !state.workflows.has(train.workflowId as string)) state.trains.delete(stream);
}

/** The id in the stream's name. */
function idOf(event: StoredEvent): string {
  return event.stream.slice(event.stream.indexOf('-') + 1);
}

function workflowOf(state: QueueState, workflowId: string): QueuedWorkflow {
  let workflow = state.workflows.get(workflowId);
  if (!workflow) {
    workflow = {
      workflowId,
      status: 'unknown',
      runnerId: null,
      reason: '',
      evidence: null,
      phasesOpen: [],
      phaseEvidence: null,
      open: 0,
      tasks: new Map(),
    };
    state.workflows.set(workflowId, workflow);
  }
  return workflow;
}

function taskOf(state: QueueState, event: StoredEvent): QueuedTask {
  const workflow = workflowOf(state, event.meta.scope?.workflowId ?? 'unknown');
  const taskId = idOf(event);
  const task = workflow.tasks.get(taskId);
  if (task) return task;
  // Restarted after its workflow had ended and been let go: what it was about is in its timeline.
  const unknown = queuedTask(
    {
      taskId,
      workflowId: workflow.workflowId,
      phase: 'unknown',
      phaseIndex: 0,
      title: 'unknown',
      priority: 'medium',
      agent: null,
      parentTaskId: null,
    },
    state.arrivals++,
    evidenceOf(event),
  );
  workflow.tasks.set(taskId, { ...unknown, status: 'unknown' });
  workflow.open += 1;
  return workflow.tasks.get(taskId) as QueuedTask;
}

/** Notes the task's new state and what it rests on; a wait that was recorded before has passed. */
function enter(state: QueueState, event: StoredEvent): QueuedTask {
  const task = taskOf(state, event);
  const status = event.meta.to ?? task.status;
  const wasOpen = !ENDED_STATES.includes(task.status);
  const isOpen = !ENDED_STATES.includes(status);
  task.status = status;
  task.evidence = evidenceOf(event);
  if (task.waits.length > 0) task.waits = [];
  if (wasOpen !== isOpen) {
    const workflow = workflowOf(state, task.workflowId);
    workflow.open += isOpen ? 1 : -1;
    letGo(state, workflow);
  }
  return task;
}

function turn(workflow: QueuedWorkflow, status: QueuedWorkflow['status'], reason: string, evidence: Evidence): void {
  workflow.status = status;
  workflow.reason = reason;
  workflow.evidence = evidence;
}

function end(state: QueueState, event: StoredEvent, how: string): void {
  const workflow = workflowOf(state, idOf(event));
  turn(workflow, 'ended', how, evidenceOf(event));
  letGo(state, workflow);
}

function letGo(state: QueueState, workflow: QueuedWorkflow): void {
  const over = workflow.status === 'ended' || workflow.status === 'unknown';
  if (!over || workflow.open > 0) return;
  state.workflows.delete(workflow.workflowId);
  for (const [stream, train] of state.trains)
    if (train.workflowId === workflow.workflowId && isIdle(train)) state.trains.delete(stream);
}

/** It served one run and has no candidate. */
function isIdle(train: QueuedTrain): boolean {
  return train.workflowId !== null && train.line.length === 0;
}

function trainOf(state: QueueState, event: StoredEvent): QueuedTrain {
  let train = state.trains.get(actorStreamOf(event.stream));
  if (!train) {
    train = { ...newLine(), workflowId: null };
    state.trains.set(actorStreamOf(event.stream), train);
  }
  return train;
}
