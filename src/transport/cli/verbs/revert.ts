import type { Client } from '../client.ts';
import { EXIT, fail } from '../failure.ts';
import type { Output } from '../output.ts';
import { eventOf, justBefore } from '../over-stream.ts';
import type { WireEvent } from '../run/story.ts';

const ENDS = ['CandidateLanded', 'CandidateRefused', 'CandidateWithdrawn', 'RevertHandedOver'];
const TASK_ENDS = ['TaskMerged', 'TaskFailed', 'TaskCancelled', 'TaskDuplicated'];
const RUN_ENDS = ['WorkflowCompleted', 'WorkflowFailed', 'WorkflowCancelled'];

interface Wish {
  reason?: string;
  agent?: string;
  idempotencyKey?: string;
}

/** How it came out: the commit that takes it out, or why nothing does. `left`: it lies beside the base branch. */
interface Outcome {
  commit: string | null;
  left: boolean;
  why: string;
}

/**
 * Takes the merged work of a task or a run out again and waits for the end, the agent's included to whom a conflict was
 * given. 0 only when the branch is without it; 1 when it was refused, or lies beside a base branch that could not be moved.
 */
export async function revert(client: Client, output: Output, id: string, wish: Wish): Promise<number> {
  const asked = await ask(client, id, wish);
  output.say(`It waits for its turn in the merge train ${asked.id}.`);
  const first = await endOf(client, asked);
  if (first.type === 'RevertHandedOver') output.say(wordsOfHandOver(first));
  const end = first.type === 'RevertHandedOver' ? await endOfWork(client, first) : first;
  output.record({ type: 'reverted', outcome: end.type, ...end.data });
  const { commit, left, why } = outcomeOf(end);
  if (commit !== null && !left) {
    output.say(`Taken out again by ${commit.slice(0, 12)}.`);
    return EXIT.ok;
  }
  output.say(
    commit === null
      ? `Not taken out${why}`
      : `The revert ${commit.slice(0, 12)} is in your repository on a branch of its own, but the base branch was left${why}`,
  );
  return EXIT.failed;
}

function ask(client: Client, id: string, { reason = '', agent, idempotencyKey: key }: Wish) {
  const how = { reason, ...(agent !== undefined && { agent }) };
  if (id.startsWith('tsk_')) return client.command('revert_task', { taskId: id, ...how }, key);
  if (id.startsWith('wfl_')) return client.command('revert_workflow', { workflowId: id, ...how }, key);
  throw fail('cli.usage', `${JSON.stringify(id)} is neither a task (tsk_…) nor a run (wfl_…).`);
}

function wordsOfHandOver({ data }: WireEvent): string {
  const files = (data.files as string[]).join(', ');
  const who = data.taskId === null ? `the run ${String(data.workflowId)}` : `the task ${String(data.taskId)}`;
  return `It does not come out by itself: later work changes the same places in ${files}. An agent resolves that in ${who}.`;
}

function outcomeOf({ type, data }: WireEvent): Outcome {
  const reason = data.reason ? `: ${String(data.reason)}` : '.';
  switch (type) {
    case 'CandidateLanded':
    case 'TaskMerged':
      return { commit: String(data.commit), left: data.base === 'left', why: reason };
    case 'WorkflowCompleted': {
      const { commit, base, reason: why } = data.delivery as { commit: string; base: string; reason: string | null };
      return { commit, left: base !== 'moved', why: why ? `: ${why}` : '.' };
    }
    default:
      return { commit: null, left: false, why: `${data.code ? ` (${String(data.code)})` : ''}${reason}` };
  }
}

/** The end of the candidate that the command has queued. */
async function endOf(client: Client, { stream, position }: { stream: string; position: string }): Promise<WireEvent> {
  let candidateId: unknown;
  return eventOf(client, { after: justBefore(position), types: ['CandidateQueued', ...ENDS] }, (event) => {
    if (candidateId === undefined && event.stream === stream) candidateId = event.data.candidateId;
    return ENDS.includes(event.type) && event.data.candidateId === candidateId;
  });
}

/** The end of the task or the run that it was handed over to. */
function endOfWork(client: Client, { data, position }: WireEvent): Promise<WireEvent> {
  const { taskId, workflowId } = data;
  const [types, stream] =
    taskId === null ? [RUN_ENDS, `workflow-${String(workflowId)}`] : [TASK_ENDS, `task-${String(taskId)}`];
  return eventOf(client, { after: position, types, stream }, () => true);
}
