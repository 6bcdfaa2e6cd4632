import { plainLine } from '../../../kernel/plain-text.ts';
import type { Client } from '../client.ts';
import { EXIT } from '../failure.ts';
import type { Output } from '../output.ts';
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
const WAIT_MS = 25_000;

/**
 * The log's events in order, each once. With `--follow` it waits for more, and resumes after its last event when the
 * server restarts. Ctrl-C ends it; that is no failure.
 */
export async function events(world: World, client: Client, output: Output, options: EventsOptions): Promise<number> {
  const stop = new AbortController();
  const off = world.onSignal('SIGINT', () => stop.abort());
  const filter = {
    ...(options.type && { types: options.type }),
    ...(options.workflow && { workflowId: options.workflow }),
  };
  let { after } = options;
  try {
    for (;;) {
      const page = options.follow
        ? await client.query<Page>(
            'wait_for_events',
            { ...filter, after, limit: PAGE, timeoutMs: WAIT_MS },
            { waitMs: WAIT_MS, signal: stop.signal },
          )
        : await client.query<Page>('get_events', { ...filter, after, limit: PAGE }, { signal: stop.signal });
      for (const event of page.events) show(output, event);
      after = page.position;
      if (!options.follow && page.events.length === 0) return EXIT.ok;
    }
  } catch (error) {
    if (stop.signal.aborted) return EXIT.ok;
    throw error;
  } finally {
    off();
  }
}

function show(output: Output, event: WireEvent): void {
  output.record(event);
  const time = new Date(event.at).toLocaleTimeString('en-GB');
  const said = plainLine(event.text ?? '', 200);
  output.say(
    `${event.position.padStart(6)}  ${time}  ${plainLine(event.stream, 60)}  ${plainLine(event.type, 40)}  ${said}`.trimEnd(),
  );
}
