import { plainLine } from '../../../kernel/plain-text.ts';
import type { Client } from '../client.ts';
import { EXIT } from '../failure.ts';
import type { Output } from '../output.ts';
import { overStream } from '../over-stream.ts';
import type { WireEvent } from '../run/story.ts';
import type { World } from '../world.ts';

export interface EventsOptions {
  follow?: boolean;
  after: string;
  type?: string[];
  workflow?: string;
}

interface Page {
  events: WireEvent[];
  /** The cursor to go on from. */
  position: string;
}

const PAGE = 500;

/**
 * The log's events in order, each once. With `--follow` it waits for more, and goes on behind its last event when the
 * connection breaks or the server restarts, which it says on stderr. Ctrl-C ends it; that is no failure.
 */
export async function events(world: World, client: Client, output: Output, options: EventsOptions): Promise<number> {
  const stop = new AbortController();
  const off = world.onSignal('SIGINT', () => stop.abort());
  const filter = {
    ...(options.type && { types: options.type }),
    ...(options.workflow && { workflowId: options.workflow }),
  };
  try {
    if (options.follow) await follow(client, output, { ...filter, after: options.after }, stop.signal);
    else await readAll(client, output, { ...filter, after: options.after }, stop.signal);
    return EXIT.ok;
  } catch (error) {
    if (stop.signal.aborted) return EXIT.ok;
    throw error;
  } finally {
    off();
  }
}

interface Wanted {
  after: string;
  types?: string[];
  workflowId?: string;
}

async function readAll(client: Client, output: Output, wanted: Wanted, signal: AbortSignal): Promise<void> {
  for (let { after } = wanted; ; ) {
    const page = await client.query<Page>('get_events', { ...wanted, after, limit: PAGE }, { signal });
    for (const event of page.events) show(output, event);
    after = page.position;
    if (page.events.length === 0) return;
  }
}

/** Over the stream, until the signal aborts. Rejects with what no further try can help. */
async function follow(client: Client, output: Output, wanted: Wanted, signal: AbortSignal): Promise<void> {
  let { after } = wanted;
  const watching = { signal, note: output.note, where: () => `position ${after}` };
  await overStream(client, watching, (stream, { reject }) => {
    const follower = stream.events({
      ...wanted,
      onEvents: (page) => {
        for (const event of page) show(output, event as unknown as WireEvent);
        after = follower.position() ?? after;
      },
      onEnd: reject,
    });
  });
}

function show(output: Output, event: WireEvent): void {
  output.record(event);
  const time = new Date(event.at).toLocaleTimeString('en-GB');
  const said = plainLine(event.text ?? '', 200);
  output.say(
    `${event.position.padStart(6)}  ${time}  ${plainLine(event.stream, 60)}  ${plainLine(event.type, 40)}  ${said}`.trimEnd(),
  );
}
