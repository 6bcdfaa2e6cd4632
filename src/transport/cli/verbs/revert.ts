import type { Client } from '../client.ts';
import { EXIT, fail } from '../failure.ts';
import type { Output } from '../output.ts';
import type { WireEvent } from '../run/story.ts';

const WAIT_MS = 25_000;
const ENDS = ['CandidateLanded', 'CandidateRefused', 'CandidateWithdrawn'];

/**
 * Takes the merged work of a task or a run out again and waits for the end. 0 only when the branch is without it; 1 when
 * it was refused, or lies beside a base branch that could not be moved.
 */
export async function revert(
  client: Client,
  output: Output,
  id: string,
  { reason = '', idempotencyKey }: { reason?: string; idempotencyKey?: string },
): Promise<number> {
  const asked = await ask(client, id, reason, idempotencyKey);
  output.say(`It waits for its turn in the merge train ${asked.id}.`);
  const end = await endOf(client, asked);
  output.record({ type: 'reverted', outcome: end.type, ...end.data });
  const { base, reason: why, commit, code } = end.data;
  if (end.type === 'CandidateLanded' && base !== 'left') {
    output.say(`Taken out again by ${String(commit).slice(0, 12)}.`);
    return EXIT.ok;
  }
  output.say(
    end.type === 'CandidateLanded'
      ? `The revert ${String(commit).slice(0, 12)} is in your repository on a branch heph/revert-…, but the base branch was left: ${why}`
      : `Not taken out${code ? ` (${code})` : ''}: ${why}`,
  );
  return EXIT.failed;
}

function ask(client: Client, id: string, reason: string, key: string | undefined) {
  if (id.startsWith('tsk_')) return client.command('revert_task', { taskId: id, reason }, key);
  if (id.startsWith('wfl_')) return client.command('revert_workflow', { workflowId: id, reason }, key);
  throw fail('cli.usage', `${JSON.stringify(id)} is neither a task (tsk_…) nor a run (wfl_…).`);
}

async function endOf(client: Client, { stream, position }: { stream: string; position: string }): Promise<WireEvent> {
  let after = (BigInt(position) - 1n).toString();
  let candidateId: unknown;
  for (;;) {
    const page = await client.query<{ events: WireEvent[]; position: string }>(
      'wait_for_events',
      { types: ['CandidateQueued', ...ENDS], after, timeoutMs: WAIT_MS, limit: 500 },
      { waitMs: WAIT_MS },
    );
    for (const event of page.events) {
      if (candidateId === undefined && event.stream === stream) candidateId = event.data.candidateId;
      if (ENDS.includes(event.type) && event.data.candidateId === candidateId) return event;
    }
    after = page.position;
  }
}
