import { z } from 'zod';
import type { AllRead, EventStore, StoredEvent } from '../../store/event-store.ts';
import type { LogView, Moment, Rendered, Row } from '../define-projection.ts';
import { ageMs } from '../evidence.ts';
import { sentenceOf } from './sentences.ts';

export { SENTENCES, sentenceOf } from './sentences.ts';

const position = z.string().regex(/^\d{1,20}$/, 'must be a position: a number in decimal');

export const timelineParams = z.strictObject({
  workflowId: z.string().optional(),
  taskId: z.string().optional(),
  agentId: z.string().optional(),
  stream: z.string().optional().describe('One stream by its whole name'),
  types: z.array(z.string()).min(1).max(100).optional(),
  actor: z
    .string()
    .max(120)
    .optional()
    .describe('Who made it happen, or how that begins: operator, agent:agt_…, process:'),
  text: z.string().max(200).optional().describe('In its sentence, type, stream or actor, in capitals or not'),
  after: position.optional().describe('Exclusive'),
  before: position.optional().describe('Exclusive'),
  limit: z.number().int().min(1).max(1000).default(100),
  direction: z.enum(['forwards', 'backwards']).default('forwards'),
});
type TimelineParams = z.infer<typeof timelineParams>;

/** What the store cannot filter by must not read the whole log for one page; `next` goes on behind what was looked at. */
const LOOKED_AT_MAX = 20_000;

/** Events in order with cause and effect: a query over the log, not a copy of it. */
export const timelineView: LogView = {
  name: 'timeline',
  v: 1,
  params: timelineParams,
  query: (store, params, moment) => timeline(store, params as TimelineParams, moment),
};

async function timeline(store: EventStore, params: TimelineParams, moment: Moment): Promise<Rendered> {
  const rows: Record<string, Row> = {};
  let count = 0;
  let next: string | null = null;
  let more = false;
  let looked = 0;
  for await (const event of store.readAll(await readOf(store, params, moment))) {
    if (params.direction === 'backwards' && params.after !== undefined && event.position <= BigInt(params.after)) break;
    if (count === params.limit || looked === LOOKED_AT_MAX) {
      more = true;
      break;
    }
    looked += 1;
    next = event.position.toString();
    if (!concerns(event, params)) continue;
    // Not the position: an object puts keys that are numbers into an order of its own.
    rows[`${event.stream}@${event.revision}`] = rowOf(event, moment.asOf);
    count += 1;
  }
  return { rows, summary: { count, more, next: more ? next : null } };
}

async function readOf(store: EventStore, params: TimelineParams, { position: at }: Moment): Promise<AllRead> {
  const filter: AllRead['filter'] = {
    ...(params.stream && { streamPrefixes: [params.stream] }),
    ...(params.types && { types: params.types }),
    ...(await workflowFilter(store, params)),
  };
  const limited = { ...(Object.keys(filter).length > 0 && { filter }), direction: params.direction };
  const until = params.before !== undefined && BigInt(params.before) <= at ? BigInt(params.before) - 1n : at;
  if (params.direction === 'backwards') return { ...limited, until };
  return { ...limited, until, ...(params.after !== undefined && { after: BigInt(params.after) }) };
}

/** A task's and an agent's events carry their workflow, by which the store has an index. */
async function workflowFilter(store: EventStore, { workflowId, taskId, agentId }: TimelineParams) {
  if (workflowId !== undefined) return { workflowId };
  const stream = taskId !== undefined ? `task-${taskId}` : agentId !== undefined ? `agent-${agentId}` : undefined;
  if (stream === undefined) return {};
  for await (const first of store.readStream(stream, { limit: 1 })) {
    const found = first.meta.scope?.workflowId;
    return found === undefined ? {} : { workflowId: found };
  }
  // Without a first event there is nothing to find: no type has this name.
  return { types: [] };
}

function concerns(event: StoredEvent, { stream, taskId, agentId, actor, text }: TimelineParams): boolean {
  const { scope, actor: by } = event.meta;
  return (
    (stream === undefined || event.stream === stream) &&
    (taskId === undefined || scope?.taskId === taskId) &&
    (agentId === undefined || scope?.agentId === agentId) &&
    (actor === undefined || by.startsWith(actor)) &&
    (text === undefined || saysText(event, text.toLowerCase()))
  );
}

function saysText(event: StoredEvent, text: string): boolean {
  const said = [event.type, event.stream, event.meta.actor, event.id];
  return said.some((one) => one.toLowerCase().includes(text)) || sentenceOf(event).toLowerCase().includes(text);
}

function rowOf(event: StoredEvent, asOf: number): Row {
  const { id, stream, revision, type, at, meta } = event;
  return {
    eventId: id,
    position: event.position.toString(),
    stream,
    revision,
    type,
    at,
    ageMs: ageMs(event, asOf),
    text: sentenceOf(event),
    actor: meta.actor,
    /** The event that made somebody act; null when a person did. */
    cause: meta.causationId ?? null,
    correlation: meta.correlationId,
    scope: meta.scope ?? {},
    from: meta.from ?? null,
    to: meta.to ?? null,
    command: meta.command ? { id: meta.command.id, name: meta.command.name } : null,
  };
}
