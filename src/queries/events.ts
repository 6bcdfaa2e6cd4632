import { z } from 'zod';
import { isFailure } from '../kernel/errors.ts';
import type { EventFilter, Position, StoredEvent } from '../store/event-store.ts';
import { EVERYONE, query, type QueryContext, visibleWorkflow } from './define-queries.ts';
import { fields, type Named, withWholeIds } from './fields.ts';
import { wireEvent } from './wire-event.ts';

const WAIT_MAX_MS = 30_000;
/** A filter that the store cannot apply must not read the whole log for one page. */
const LOOKED_AT_MAX = 100_000;

export const getEvents = query({
  v: 1,
  summary: 'Events in order after a position, with the position to go on from.',
  schema: z.strictObject({
    after: fields.position.default('0').describe('Exclusive'),
    limit: fields.limit(1000, 100),
    types: fields.types.optional(),
    workflowId: fields.workflowId.optional(),
    stream: z.string().max(120).optional().describe('One stream by its whole name'),
  }),
  roles: EVERYONE,
  cli: 'get events',
  example: 'heph get events --after 0 --limit 20',
  async run(input, context) {
    const filter = await filterOf(input, context);
    if (isFailure(filter)) return filter;
    const { until, events } = await page(context, BigInt(input.after), filter, input);
    return { events: events.map(wireEvent), position: until.toString(), head: (await context.store.head()).toString() };
  },
});

export const waitForEvents = query({
  v: 1,
  summary: 'Waits until something happens after the cursor, and answers it with the cursor to go on from.',
  schema: z.strictObject({
    after: fields.position.optional().describe('The cursor of the answer before; default: from now on'),
    types: fields.types.optional(),
    workflowId: fields.workflowId.optional(),
    taskId: fields.taskId.optional(),
    timeoutMs: z.number().int().min(0).max(WAIT_MAX_MS).default(WAIT_MAX_MS),
    limit: fields.limit(500, 50),
  }),
  roles: EVERYONE,
  tool: true,
  async run(input, context) {
    const asked = await withWholeIds(input, context);
    if (isFailure(asked)) return asked;
    const filter = await filterOf(asked, context);
    if (isFailure(filter)) return filter;
    const after = asked.after === undefined ? await context.store.head() : BigInt(asked.after);
    const concerns = (event: StoredEvent) => asked.taskId === undefined || event.meta.scope?.taskId === asked.taskId;
    const { limit, timeoutMs } = asked;
    const found = await firstAfter(context, { after, filter, concerns, limit, timeoutMs });
    return { ...found, events: found.events.map(wireEvent), timedOut: found.events.length === 0 };
  },
});

interface Wait {
  after: Position;
  filter: EventFilter;
  concerns: (event: StoredEvent) => boolean;
  limit: number;
  timeoutMs: number;
}

/** The subscription wakes us; nothing is asked twice. */
async function firstAfter({ store, clock, signal }: QueryContext, wait: Wait) {
  const stop = new AbortController();
  const cancel = clock.after(wait.timeoutMs, () => stop.abort());
  let position = wait.after;
  try {
    const either = signal ? AbortSignal.any([stop.signal, signal]) : stop.signal;
    for await (const item of store.subscribe({ after: wait.after, filter: wait.filter, signal: either })) {
      if (item.kind === 'caught_up') {
        position = item.position;
        continue;
      }
      const events = item.events.filter(wait.concerns).slice(0, wait.limit);
      position = (events.length === wait.limit ? events : item.events).at(-1)?.position ?? position;
      if (events.length > 0) return { events, position: position.toString() };
    }
    return { events: [], position: position.toString() };
  } finally {
    cancel();
  }
}

/** What the store itself can filter by; a worker's is limited to its workflow. */
async function filterOf(
  input: Named & { types?: string[] | undefined; stream?: string | undefined },
  context: QueryContext,
) {
  const asked = await withWholeIds(input, context);
  if (isFailure(asked)) return asked;
  const workflowId = visibleWorkflow(asked.workflowId, context);
  if (isFailure(workflowId)) return workflowId;
  return {
    ...(asked.types && { types: asked.types }),
    ...(asked.stream !== undefined && { streamPrefixes: [asked.stream] }),
    ...(workflowId !== undefined && { workflowId }),
  };
}

async function page(
  { store }: QueryContext,
  after: Position,
  filter: EventFilter,
  { limit, stream }: { limit: number; stream?: string | undefined },
): Promise<{ events: StoredEvent[]; until: Position }> {
  const events: StoredEvent[] = [];
  let until = after;
  const narrowed = Object.keys(filter).length > 0 ? { filter } : {};
  for await (const event of store.readAll({ after, limit: LOOKED_AT_MAX, ...narrowed })) {
    until = event.position;
    // The store takes the name for a prefix.
    if (stream === undefined || event.stream === stream) events.push(event);
    if (events.length === limit) break;
  }
  return { events, until };
}
