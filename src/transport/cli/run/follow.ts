import { plainLine } from '../../../kernel/plain-text.ts';
import type { Client } from '../client.ts';
import type { Output } from '../output.ts';
import { progressOf } from './progress.ts';
import { newStory, type Story, tell, type WireEvent } from './story.ts';
import { standstillOf, waitingIn, waitingLines } from './waiting.ts';

export interface Followed {
  story: Story;
  /** Why the run stands still, when nobody but a person can make it go on. */
  stalled: { code: 'run.stalled' | 'run.awaits_result'; reasons: string[] } | null;
}

// Short enough that the reasons for waiting are shown soon, long enough that an idle follower costs nothing.
const QUIET_MS = 5_000;
const PAGE = 500;

/**
 * Follows a workflow from its first event to its end and shows each step. It resumes from the last position when the
 * server restarts, so every event is shown once. Where nothing happens for a while it shows why. Ends with the signal's
 * reason when it is aborted.
 */
export async function followWorkflow(
  client: Client,
  output: Output,
  workflowId: string,
  signal: AbortSignal,
): Promise<Followed> {
  const story = newStory(workflowId);
  let after = '0';
  let shown = '';
  for (;;) {
    const page = await client.query<{ events: WireEvent[]; position: string }>(
      'wait_for_events',
      { workflowId, after, timeoutMs: QUIET_MS, limit: PAGE },
      { waitMs: QUIET_MS, signal },
    );
    for (const event of page.events) {
      tell(story, event);
      show(output, event, story);
    }
    after = page.position;
    if (story.outcome !== 'open') return { story, stalled: null };
    if (page.events.length > 0) {
      shown = '';
      continue;
    }
    const tasks = waitingIn(await client.query('get_queue', { workflowId }), story.workflowId);
    const awaits = await resultWait(client, workflowId);
    if (awaits?.from === 'operator') return { story, stalled: { code: 'run.awaits_result', reasons: [awaits.text] } };
    const reasons = standstillOf(tasks);
    if (reasons) return { story, stalled: { code: 'run.stalled', reasons } };
    const lines = [...waitingLines(tasks), ...(awaits ? [awaits.text] : [])];
    if (lines.join('\n') !== shown) for (const line of lines) output.say(`  … ${plainLine(line)}`);
    if (lines.join('\n') !== shown) output.record({ type: 'waiting', tasks });
    shown = lines.join('\n');
  }
}

/** For whom the run's result waits, as the run's view has it. */
async function resultWait(client: Client, workflowId: string): Promise<{ from: string; text: string } | null> {
  const { summary } = await client.query<{ summary?: { result?: { awaits?: { from: string; text: string } | null } } }>(
    'get_view',
    { view: 'workflow', params: { workflowId } },
  );
  return summary?.result?.awaits ?? null;
}

function show(output: Output, event: WireEvent, story: Story): void {
  const progress = progressOf(event, story);
  output.record({
    type: 'event',
    position: event.position,
    at: event.at,
    event: event.type,
    stream: event.stream,
    text: progress?.text ?? null,
    data: event.data,
  });
  if (progress?.heading) output.say(`\n${progress.text}`);
  else if (progress) output.say(`  ${progress.text}`);
}
