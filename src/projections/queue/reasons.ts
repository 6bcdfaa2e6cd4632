import type { Evidence } from '../evidence.ts';
import { whyGone } from '../runners.ts';
import { placeInWords } from '../train-line.ts';
import type { Place } from './order.ts';
import type { QueuedTask, QueuedTrain, QueuedWorkflow, QueueState } from './state.ts';

/** Why a task does not run: a code to group by, a sentence to read, and the event it rests on. */
export interface Reason {
  code: string;
  text: string;
  evidence: Evidence | null;
  /** An event that a recorded wait names itself. */
  restsOn?: string | null;
}

export interface LineNow {
  places: ReadonlyMap<string, Place<QueuedTask>>;
  /** By task: where its candidate stands in a merge train. */
  merges: ReadonlyMap<string, { train: QueuedTrain; ahead: number }>;
  asOf: number;
}

/** Every reason that holds at once, the widest first: what lies in the workflow, the fleet, the agent, the task. */
export function reasonsOf(task: QueuedTask, state: QueueState, now: LineNow): Reason[] {
  const workflow = state.workflows.get(task.workflowId) as QueuedWorkflow;
  const gone = goneReason(workflow, state, now.asOf);
  const reasons = [...(gone ? [gone] : []), ...workflowReasons(task, workflow)];
  switch (task.status) {
    case 'blocked_on_validation':
      return [...reasons, { code: 'validation', text: 'Its work is being checked.', evidence: task.evidence }];
    case 'merging':
      return [...reasons, mergeReason(task, now)];
    case 'needs_work':
      return [
        ...reasons,
        { code: 'needs_work', text: `Its work was sent back: ${task.feedback}`, evidence: task.evidence },
      ];
  }
  reasons.push(...startReasons(task, state, now.asOf), ...recordedReasons(task, reasons));
  return reasons.length > 0 ? reasons : [lineReason(task, state, now)];
}

/** Nobody can say that anything of the workflow goes on. */
export function goneReason(workflow: QueuedWorkflow | undefined, state: QueueState, asOf: number): Reason | null {
  const text = whyGone(workflow?.runnerId ?? null, state.runners, asOf);
  if (text === null || workflow === undefined) return null;
  const evidence = state.runners.get(workflow.runnerId ?? '')?.evidence ?? workflow.evidence;
  const next = 'It goes on when that one is back, or by another server on the same machine; or cancel it.';
  return { code: 'runner_gone', text: `${text} ${next}`, evidence };
}

function* workflowReasons(task: QueuedTask, workflow: QueuedWorkflow): Generator<Reason> {
  const { evidence } = workflow;
  if (workflow.status === 'paused')
    yield { code: 'workflow_paused', text: `The workflow is paused${because(workflow.reason)}.`, evidence };
  if (workflow.status === 'ended')
    yield { code: 'workflow_ended', text: `The workflow is ${workflow.reason} already.`, evidence };
  if (workflow.status === 'unknown')
    yield { code: 'workflow_ended', text: 'The workflow has ended already.', evidence };
  const waits = task.status === 'pending' || task.status === 'blocked';
  if (!waits || workflow.status === 'ended' || workflow.status === 'unknown') return;
  if (workflow.phasesOpen.includes(task.phase)) return;
  const before = workflow.phasesOpen.length > 0 ? `; ${workflow.phasesOpen.join(', ')} is not over` : '';
  yield {
    code: 'phase_not_started',
    text: `The phase ${task.phase} has not started${before}.`,
    evidence: workflow.phaseEvidence ?? evidence,
  };
}

/** What would keep even the first in the line from its agent. */
function* startReasons(task: QueuedTask, state: QueueState, asOf: number): Generator<Reason> {
  const { fleet } = state;
  if (fleet.status === 'paused')
    yield { code: 'fleet_paused', text: `The fleet is paused${because(fleet.reason)}.`, evidence: fleet.evidence };
  if (fleet.status === 'stopped')
    yield { code: 'fleet_stopped', text: `The fleet is stopped${because(fleet.reason)}.`, evidence: fleet.evidence };
  const stopped = task.agent === null ? undefined : state.stopped.get(task.agent);
  if (stopped)
    yield {
      code: 'agent_stopped',
      text: `Agents named ${task.agent} are stopped: ${stopped.reason}`,
      evidence: stopped.evidence,
    };
  if (task.notBefore > asOf)
    yield {
      code: 'backoff',
      text: `Attempt ${task.attempt} failed; the next begins in ${Math.ceil((task.notBefore - asOf) / 1000)} s.`,
      evidence: task.backoff,
    };
}

function recordedReasons(task: QueuedTask, others: readonly Reason[]): Reason[] {
  return task.waits
    .filter((wait) => !others.some((other) => other.code === wait.code))
    .map(({ code, text, eventId }) => ({ code, text, evidence: task.evidence, restsOn: eventId }));
}

function lineReason(task: QueuedTask, state: QueueState, now: LineNow): Reason {
  const place = now.places.get(task.taskId);
  if (!place) return { code: 'being_queued', text: 'It is about to enter the queue.', evidence: task.evidence };
  const { cap, perAgent } = state.config.settings.fleet;
  const ahead = place.position - 1;
  const line = ahead === 0 ? 'It is next' : `${ahead} ${ahead === 1 ? 'task is' : 'tasks are'} before it`;
  if (place.verdict === 'starts') return { code: 'starting', text: `${line}; it can start.`, evidence: task.evidence };
  const own = place.verdict === 'agent_cap';
  const held = [...state.slots].filter(([, slot]) => !own || slot.agent === task.agent);
  const count = own ? (perAgent[task.agent as string] ?? 0) : cap;
  const subject = `${count === 1 ? 'The only slot' : `All ${count} slots`}${own ? ` for ${task.agent}` : ''}`;
  const holders = held.map(([agentId, slot]) => `${agentId} (${slot.taskId})`).join(', ');
  const by = holders === '' ? 'spoken for' : `taken or spoken for, by ${holders}`;
  const text = `${subject} ${count === 1 ? 'is' : 'are'} ${by}; ${lowered(line)}.`;
  return { code: own ? 'no_slot_for_agent' : 'no_slot', text, evidence: held.at(-1)?.[1].evidence ?? task.evidence };
}

function mergeReason(task: QueuedTask, now: LineNow): Reason {
  const place = now.merges.get(task.taskId);
  if (!place) return { code: 'merge', text: 'It waits to be put into its merge train.', evidence: task.evidence };
  const { train, ahead } = place;
  const evidence = train.line[ahead]?.evidence ?? task.evidence;
  return { code: 'merge', text: placeInWords(train, ahead), evidence };
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${reason}`;
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
