import type { Clock } from '../../../kernel/clock.ts';
import { plainLine } from '../../../kernel/plain-text.ts';
import type { StreamClient, ViewFollower } from '../../stream-client/index.ts';
import type { Client } from '../client.ts';
import type { Output } from '../output.ts';
import { overStream } from '../over-stream.ts';
import { progressOf } from './progress.ts';
import { newStory, type Story, tell, type WireEvent } from './story.ts';
import { standstillOf, type WaitingTask, waitingIn, waitingLines } from './waiting.ts';

export interface Followed {
  story: Story;
  /** Why the run stands still, when nobody but a person can make it go on. */
  stalled: { code: 'run.stalled' | 'run.awaits_result'; reasons: string[] } | null;
}

interface Parts {
  client: Client;
  output: Output;
  clock: Clock;
}

// Short enough that the reasons for waiting are shown soon, long enough that a run which goes on does not show them.
const QUIET_MS = 5_000;

/**
 * Follows a workflow from its first event to its end and shows each step. It goes on behind the last event when the
 * server restarts, so every event is shown once. Where nothing happens for a while it shows why, and when that changes. Ends
 * with the signal's reason when it is aborted.
 */
export async function followWorkflow(parts: Parts, workflowId: string, signal: AbortSignal): Promise<Followed> {
  const { client, output, clock } = parts;
  const story = newStory(workflowId);
  return overStream<Followed>(client, { signal, note: output.note }, (stream, { resolve, reject }) => {
    let rest = () => {};
    function listen(): void {
      rest();
      const cancel = clock.after(QUIET_MS, () => {
        rest = watchWaits(stream, story, (waits) => {
          const stalled = stalledBy(waits);
          if (stalled) resolve({ story, stalled });
          else showWaits(waits, output);
        });
      });
      rest = cancel;
    }
    stream.events({
      workflowId,
      after: 'start',
      onEvents(events) {
        for (const event of events as unknown as WireEvent[]) {
          tell(story, event);
          show(output, event, story);
          if (story.outcome !== 'open') return resolve({ story, stalled: null });
        }
        listen();
      },
      onEnd: reject,
    });
    listen();
    return () => rest();
  });
}

/** What keeps the run from going on, as its views have it. */
interface Waits {
  tasks: WaitingTask[];
  /** For whom the run's result waits. */
  awaits: { from: string; text: string } | null;
}

/** Tells what the run waits for, and again whenever that is said in other words, until the returned function is called. */
function watchWaits(stream: StreamClient, { workflowId, position }: Story, tell: (waits: Waits) => void): () => void {
  const queue = stream.view({ view: 'queue', params: { workflowId } });
  const run = stream.view({ view: 'workflow', params: { workflowId } });
  const views: ViewFollower[] = [queue, run];
  let said = '';
  let isOver = false;
  function look(): void {
    const [lines, whole] = views.map(({ cache }) => cache.getSnapshot().context);
    if (isOver || lines?.status !== 'live' || whole?.status !== 'live') return;
    const rows = Object.fromEntries(Object.entries(lines.rows).map(([key, { row }]) => [key, row]));
    const { result } = whole.summary as { result?: { awaits?: Waits['awaits'] } };
    const waits = { tasks: waitingIn({ rows }, workflowId), awaits: result?.awaits ?? null };
    const text = JSON.stringify(waits);
    if (text === said) return;
    said = text;
    tell(waits);
  }
  // Not before both show what has been told already.
  Promise.all(views.map((view) => view.reached(position))).then(
    () => {
      look();
      for (const { cache } of views) cache.subscribe(look);
    },
    // Closed, or the connection has ended, which the events tell as well.
    () => {},
  );
  return () => {
    isOver = true;
    for (const view of views) view.close();
  };
}

function stalledBy({ tasks, awaits }: Waits): Followed['stalled'] {
  if (awaits?.from === 'operator') return { code: 'run.awaits_result', reasons: [awaits.text] };
  const reasons = standstillOf(tasks);
  return reasons && { code: 'run.stalled', reasons };
}

function showWaits({ tasks, awaits }: Waits, output: Output): void {
  for (const line of [...waitingLines(tasks), ...(awaits ? [awaits.text] : [])]) output.say(`  … ${plainLine(line)}`);
  output.record({ type: 'waiting', tasks });
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
