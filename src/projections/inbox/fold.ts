import type { AgentFact } from '../../machines/agent/index.ts';
import { TAKES_NOTHING } from '../../machines/agent/index.ts';
import type { BestOfNFact } from '../../machines/best-of-n/index.ts';
import { actorStreamOf } from '../../machines/carry-over.ts';
import { type ConfigFact, configActor } from '../../machines/config/index.ts';
import type { FleetFact } from '../../machines/fleet/index.ts';
import type { GuardianFact } from '../../machines/guardian/index.ts';
import type { InboxFact } from '../../machines/inbox/index.ts';
import type { TaskFact } from '../../machines/task/index.ts';
import { type Delivery, resultPolicy, type WorkflowFact } from '../../machines/workflow/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { evidenceOf } from '../evidence.ts';
import { foldRunner } from '../runners.ts';
import { foldLine, isOfTrain, newLine, type TrainEvent } from '../train-line.ts';
import { dismiss, open, openEnded, settle, settleWhere } from './matters.ts';
import { GOAL_SHOWN_MAX, type InboxState, type Kind, type LivingAgent, type OpenRun } from './state.ts';
import { steps } from './steps.ts';

type Warning = Extract<GuardianFact, { type: 'WarningRaised' | 'WarningCleared' }>;
type Known = AgentFact | BestOfNFact | ConfigFact | FleetFact | InboxFact | Warning | TaskFact | WorkflowFact;

/** An agent that was refused so often asks for what its phase does not allow. */
const DENIALS_TOLD = 3;

export function foldInbox(state: InboxState, event: StoredEvent): void {
  if (isOfTrain(event)) return foldTrain(state, event);
  foldRunner(state.runners, event);
  const fact = event as StoredEvent & Known;
  switch (fact.type) {
    case 'MatterDismissed':
      return dismiss(state, fact.data.matterId);
    case 'ConfigChanged':
    case 'ConfigOverridden':
      state.config = configActor.evolve(state.config, fact, event.at);
      return;
    case 'FleetPaused':
    case 'FleetStopped':
    case 'FleetResumed':
    case 'AgentKindStopped':
      return foldFleet(state, fact);
    case 'BestOfNStarted':
    case 'MutationStarted':
    case 'BestOfNCompleted':
    case 'BestOfNCancelled':
    case 'BestOfNFailed':
      return foldContest(state, fact);
    case 'TaskCreated': {
      const { taskId, workflowId, title, review, candidate } = fact.data;
      // Of a reviewer and of a candidate others tell: whose work it is for.
      state.tasks.set(taskId, { workflowId, title, ownMatter: !review && !candidate });
      return;
    }
    case 'TaskFailed':
      return failTask(state, fact);
    case 'TaskRestarted':
      return settle(state, `task:${idOf(event)}`);
    case 'WarningRaised':
    case 'WarningCleared':
      return foldWarning(state, fact);
  }
  if (event.stream.startsWith('agent-')) foldAgent(state, event as StoredEvent & AgentFact);
  if (event.stream.startsWith('workflow-')) foldRun(state, event as StoredEvent & WorkflowFact);
}

function foldFleet(state: InboxState, fact: StoredEvent & FleetFact): void {
  switch (fact.type) {
    case 'FleetPaused':
    case 'FleetStopped': {
      const stopped = fact.type === 'FleetStopped';
      const then = stopped ? 'Every agent is stopped and none starts' : 'No further agent starts';
      return open(state, 'fleet', fact, {
        kind: stopped ? 'fleet_stopped' : 'fleet_paused',
        title: `The fleet is ${stopped ? 'stopped' : 'paused'}`,
        text: `${then}. ${stopped ? 'Stopped' : 'Paused'} by ${fact.data.by}${because(fact.data.reason)}.`,
        blocks: true,
        steps: [steps.resumeFleet()],
      });
    }
    case 'AgentKindStopped': {
      const { agent, reason } = fact.data;
      return open(state, `agents:${agent}`, fact, {
        kind: 'agents_stopped',
        title: `Agents named ${agent} are stopped`,
        text: reason,
        blocks: true,
        steps: [steps.resumeFleet()],
      });
    }
    case 'FleetResumed':
      return settleWhere(state, (_matter, about) => about === 'fleet' || about.startsWith('agents:'));
  }
}

function foldContest(state: InboxState, fact: StoredEvent & BestOfNFact): void {
  const id = idOf(fact);
  switch (fact.type) {
    case 'BestOfNStarted': {
      const { taskId = null, directive } = fact.data;
      state.contests.set(id, { taskId, workflowId: null, goal: directive.goal.slice(0, GOAL_SHOWN_MAX) });
      return;
    }
    case 'MutationStarted': {
      const contest = state.contests.get(id);
      if (contest) contest.workflowId = fact.data.workflowId;
      if (contest && fact.data.taskId !== undefined) contest.taskId = fact.data.taskId;
      return;
    }
    case 'BestOfNFailed': {
      const contest = state.contests.get(id);
      state.contests.delete(id);
      if (!contest) return;
      const { taskId, workflowId, goal } = contest;
      return openEnded(state, taskId === null ? `bestOf:${id}` : `task:${taskId}`, fact, {
        kind: 'best_of_n_failed',
        title: `No candidate won: ${goal}`,
        text: fact.data.reason,
        blocks: false,
        ...{ workflowId, taskId },
        steps: [],
      });
    }
    default:
      state.contests.delete(id);
  }
}

function failTask(state: InboxState, fact: StoredEvent & Extract<TaskFact, { type: 'TaskFailed' }>): void {
  const taskId = idOf(fact);
  const task = state.tasks.get(taskId);
  if (!task?.ownMatter) return;
  open(state, `task:${taskId}`, fact, {
    kind: 'task_failed',
    title: `Task failed: ${task.title}`,
    text: fact.data.reason,
    blocks: false,
    ...{ taskId, workflowId: task.workflowId },
    steps: [steps.restartTask(taskId), steps.cancelRun(task.workflowId)],
  });
}

const WAITS = {
  AgentNeedsInput: ['agent_needs_input', 'An agent needs input'],
  AgentRateLimited: ['agent_rate_limited', 'An agent is rate-limited'],
  AgentWentSilent: ['agent_no_signal', 'No signal of an agent'],
} as const satisfies Partial<Record<AgentFact['type'], readonly [Kind, string]>>;

function foldAgent(state: InboxState, fact: StoredEvent & AgentFact): void {
  if (fact.type === 'AgentRequested') {
    const { agentId, taskId, workflowId, agent } = fact.data;
    state.agents.set(agentId, { agentId, taskId, workflowId, agent, takes: TAKES_NOTHING, denials: 0 });
    return;
  }
  const agent = state.agents.get(idOf(fact));
  if (!agent) return;
  switch (fact.type) {
    case 'AgentStarted':
      agent.takes = fact.data.takes ?? TAKES_NOTHING;
      return;
    case 'AgentNeedsInput':
    case 'AgentRateLimited':
    case 'AgentWentSilent': {
      const [kind, title] = WAITS[fact.type];
      const listens = agent.takes.messages !== 'none' && fact.type === 'AgentNeedsInput';
      return open(state, `agent:${agent.agentId}`, fact, {
        ...{ kind, title: `${title}: ${titleOf(state, agent)}`, text: fact.data.evidence },
        blocks: fact.type === 'AgentNeedsInput',
        ...placeOf(agent),
        steps: [
          ...(listens ? [steps.messageAgent(agent.agentId)] : []),
          ...[steps.attach(agent.agentId), steps.stopAgent(agent.agentId)],
        ],
      });
    }
    case 'AgentWorking':
    case 'AgentIdle':
    case 'StopRequested':
      return settle(state, `agent:${agent.agentId}`);
    case 'AccessDenied':
      return refuse(state, agent, fact);
    case 'AgentExited':
    case 'AgentFailed':
    case 'AgentLost':
      settleWhere(state, ({ agentId, kind }) => agentId === agent.agentId && kind !== 'agent_orphaned');
      state.agents.delete(agent.agentId);
  }
}

/** What the guardian has seen of a living agent, or of one that nobody wants; silence is told of by the agent itself. */
function foldWarning(state: InboxState, fact: StoredEvent & Warning): void {
  const agentId = idOf(fact);
  const { warning } = fact.data;
  const about = `warned:${agentId}:${warning}`;
  if (fact.type === 'WarningCleared') return settle(state, about);
  const agent = state.agents.get(agentId);
  const { reason, stopAfterMs } = fact.data;
  const then = stopAfterMs === null ? '' : ` It is stopped when that lasts for ${Math.round(stopAfterMs / 1000)} s.`;
  const text = `${reason}${then}`;
  if (warning === 'orphan')
    return open(state, about, fact, {
      ...{ kind: 'agent_orphaned', title: 'An agent lives that nobody wants any more', text, blocks: false, agentId },
      steps: [steps.logs(agentId)],
    });
  if (!agent || warning === 'silence') return;
  const listens = agent.takes.messages !== 'none';
  open(state, about, fact, {
    ...{ kind: 'agent_warned', title: `An agent is warned of: ${titleOf(state, agent)}`, text, blocks: false },
    ...placeOf(agent),
    steps: [...(listens ? [steps.messageAgent(agentId)] : []), steps.attach(agentId), steps.stopAgent(agentId)],
  });
}

function refuse(state: InboxState, agent: LivingAgent, fact: StoredEvent & { data: { text: string } }): void {
  agent.denials += 1;
  if (agent.denials !== DENIALS_TOLD) return;
  open(state, `refused:${agent.agentId}`, fact, {
    kind: 'agent_refused',
    title: `An agent is refused again and again: ${titleOf(state, agent)}`,
    text: `${DENIALS_TOLD} of its requests were refused; the last: ${fact.data.text}`,
    blocks: false,
    ...placeOf(agent),
    steps: [steps.logs(agent.agentId), steps.stopAgent(agent.agentId)],
  });
}

function foldRun(state: InboxState, fact: StoredEvent & WorkflowFact): void {
  if (fact.type === 'WorkflowStarted') return begin(state, fact);
  const run = state.runs.get(idOf(fact));
  if (!run) return;
  const { workflowId } = run;
  switch (fact.type) {
    case 'WorkflowAdopted':
      run.runnerId = fact.data.runnerId;
      return;
    case 'WorkflowPaused': {
      const overBudget = fact.data.by === 'process:budgets';
      return open(state, `paused:${workflowId}`, fact, {
        kind: 'run_paused',
        title: `Run paused: ${run.goal}`,
        text: overBudget ? fact.data.reason : `Paused by ${fact.data.by}${because(fact.data.reason)}.`,
        blocks: true,
        workflowId,
        steps: [...(overBudget ? [steps.raiseBudget()] : []), steps.resumeRun(workflowId), steps.cancelRun(workflowId)],
      });
    }
    case 'WorkflowResumed':
      return settle(state, `paused:${workflowId}`);
    case 'PhaseCompleted':
      if (!run.operatorSubmits || fact.data.phase !== run.lastPhase) return;
      return open(state, `result:${workflowId}`, fact, {
        kind: 'result_awaited',
        title: `A result is to be submitted: ${run.goal}`,
        text: 'Every phase is over, and the template asks an operator for the result.',
        blocks: true,
        workflowId,
        steps: [steps.submitResult(workflowId), steps.cancelRun(workflowId)],
      });
    case 'PhaseStarted':
    case 'ResultSubmitted':
      return settle(state, `result:${workflowId}`);
    case 'WorkflowFailed':
      end(state, run);
      return openEnded(state, failureOf(run), fact, {
        kind: 'run_failed',
        title: `Run failed: ${run.goal}`,
        text: `${fact.data.reason}${kept(fact.data.delivery)}`,
        blocks: false,
        workflowId,
        steps: [steps.runAgain(run)],
      });
    case 'WorkflowCompleted': {
      end(state, run);
      const { base, reason, baseBranch, commit } = fact.data.delivery;
      if (base === 'moved' || commit === null) return;
      const why = base === 'left' ? because(reason ?? '') : ', as was asked for';
      return openEnded(state, `delivery:${workflowId}`, fact, {
        kind: 'delivery_left',
        title: `To be merged by you: ${run.goal}`,
        text: `The run is good and its work is on ${run.runBranch}; ${baseBranch} was left as it was${why}.`,
        blocks: false,
        workflowId,
        steps: [steps.mergeByHand(run.runBranch, run.repository)],
      });
    }
    case 'WorkflowCancelled':
      end(state, run);
  }
}

function begin(state: InboxState, fact: StoredEvent & Extract<WorkflowFact, { type: 'WorkflowStarted' }>): void {
  const { workflowId, definition, goal, repository, runBranch, runnerId = null } = fact.data;
  const shown = goal.slice(0, GOAL_SHOWN_MAX);
  const run: OpenRun = {
    ...{ workflowId, name: definition.name, title: definition.title, goal: shown, repository: repository.path },
    ...{ runBranch, runnerId, evidence: evidenceOf(fact) },
    lastPhase: definition.phases.at(-1)?.name ?? '',
    operatorSubmits: resultPolicy(definition).submitted_by === 'operator',
  };
  state.runs.set(workflowId, run);
  // Somebody has started the same again: that the last one failed is known.
  settle(state, failureOf(run));
}

/** The same goal on the same repository, whatever the run. */
function failureOf({ repository, name, goal }: OpenRun): string {
  return `run:${JSON.stringify([repository, name, goal])}`;
}

/** What it was about in single is over with it. */
function end(state: InboxState, { workflowId }: OpenRun): void {
  state.runs.delete(workflowId);
  settleWhere(state, (matter) => matter.workflowId === workflowId && matter.agentId === null);
  for (const [taskId, task] of state.tasks) if (task.workflowId === workflowId) state.tasks.delete(taskId);
  for (const [stream, train] of state.trains)
    if (train.workflowId === workflowId && train.line.length === 0) state.trains.delete(stream);
}

function foldTrain(state: InboxState, event: TrainEvent): void {
  const stream = actorStreamOf(event.stream);
  // Its last candidate was the last of all, and it was let go of.
  if (event.type === 'BatchEnded' && !state.trains.has(stream)) return;
  const train = state.trains.get(stream) ?? { ...newLine(), workflowId: null };
  state.trains.set(stream, train);
  // A candidate without a task is a whole run on its way to the base branch.
  if (event.type === 'CandidateQueued' && event.data.taskId !== null) train.workflowId = event.data.workflowId;
  foldLine(train, event);
  if (train.line.length === 0 && train.workflowId !== null && !state.runs.has(train.workflowId))
    state.trains.delete(stream);
}

function titleOf({ tasks }: InboxState, { taskId, agent }: LivingAgent): string {
  return `${tasks.get(taskId)?.title ?? taskId} (${agent})`;
}

function placeOf({ agentId, taskId, workflowId }: LivingAgent) {
  return { agentId, taskId, workflowId };
}

function kept(delivery: Delivery | null): string {
  return delivery?.commit ? ` What was good is on ${delivery.runBranch}.` : '';
}

function idOf(event: StoredEvent): string {
  return event.stream.slice(event.stream.indexOf('-') + 1);
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${reason.replace(/\.$/, '')}`;
}
