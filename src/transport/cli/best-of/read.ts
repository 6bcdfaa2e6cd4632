import type { Client } from '../client.ts';
import { eventOf } from '../over-stream.ts';
import type { Story } from '../run/story.ts';
import type { BestOfNAnswer } from '../shown/best-of-n.ts';

const ENDED = ['completed', 'failed', 'cancelled'];
const ENDS = ['BestOfNCompleted', 'BestOfNFailed', 'BestOfNCancelled'];
const WAIT_MS = 5_000;

export async function readBestOf(client: Client, bestOfNId: string): Promise<BestOfNAnswer> {
  return client.query<BestOfNAnswer>('get_best_of_n', { bestOfNId });
}

/** Every best-of-N of a run that has ended. The end of the last one may be recorded a moment after the run's. */
export async function contestsOf(client: Client, { contests, workflowId, position }: Story): Promise<BestOfNAnswer[]> {
  const read = () => Promise.all([...contests].map((id) => readBestOf(client, id)));
  const answers = await read();
  if (answers.every(({ summary }) => ENDED.includes(summary.status))) return answers;
  const patience = AbortSignal.timeout(WAIT_MS);
  await eventOf(client, { workflowId, types: ENDS, after: position }, () => true, patience).catch((error: unknown) => {
    if (!patience.aborted) throw error;
  });
  return read();
}
