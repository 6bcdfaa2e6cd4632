import { z } from 'zod';
import { eventSelectionSchema } from '../../queries/index.ts';
import { IDEMPOTENCY_KEY } from '../idempotency-key.ts';
import { acceptedSchema, errorSchema } from '../wire-schemas.ts';

/**
 * Every message of `/api/stream`, one schema each: the server parses by them, the tests hold the server's own messages
 * against them, `docs/stream-protocol.md` and the client's types are made from them.
 */
export const PROTOCOL_VERSION = 1;

/** So long is a client's silence, and the server's. */
export const HEARTBEAT_MS = 15_000;

/** What one client may hold of the server; more is refused, or the client let go. */
export const LIMITS = {
  /** Of a message that a client sends. */
  messageBytes: 1024 * 1024,
  subscriptionsPerSocket: 100,
  /** Commands and subscriptions that are being answered. */
  requestsUnderWay: 64,
  socketsPerOperator: 2048,
  socketsPerAgent: 8,
  /** What waits for a client that does not keep up, before it is closed with 4008. */
  waitingBytes: 8 * 1024 * 1024,
  waitingEvents: 10_000,
} as const;

/** Why the server closes a socket; below 4000 they are RFC 6455’s. The reason is JSON: `{"code", "position"?}`. */
export const CLOSE = {
  /** The server stops, or restarts. Come again. */
  goingAway: 1001,
  /** Nothing will come any more: the log is closed or cannot be read. Come again. */
  ended: 1011,
  /** The token is no longer known: its agent has ended. */
  unknownToken: 4401,
  /** Too slow. Come again, from the position named. */
  tooSlow: 4008,
} as const;

const id = z
  .string()
  .regex(/^[\x21-\x7e]{1,60}$/, 'must be 1 to 60 visible ASCII characters')
  .describe('The client’s own name for it; answers carry it');
const position = z.string().regex(/^\d{1,20}$/, 'must be a position: a number in decimal');

export const clientMessages = {
  subscribe_events: z
    .strictObject({
      type: z.literal('subscribe_events'),
      id,
      ...eventSelectionSchema.shape,
      after: z
        .union([z.literal('start'), z.literal('now'), position])
        .default('now')
        .describe('Events behind this position, from the first one, or from now on'),
      logId: z
        .string()
        .max(60)
        .optional()
        .describe(
          'The log that the position is of, as `welcome` named it; of another log it is `stream.resume_too_old`',
        ),
    })
    .describe('Follow events.'),
  subscribe_view: z
    .strictObject({
      type: z.literal('subscribe_view'),
      id,
      view: z.string().min(1).max(40).describe('queue, workflow, fleet, timeline, …'),
      params: z.record(z.string(), z.unknown()).default({}).describe('As for `get_view`'),
      until: position.optional().describe('Not before this position is in it: read what you wrote'),
    })
    .describe('Follow a view: a `snapshot`, then a `delta` for whatever changes. For people, not for agents.'),
  reach: z
    .strictObject({
      type: z.literal('reach'),
      id,
      subscription: id.describe('Of a view'),
      position,
    })
    .describe(
      'Ask to be told, by `reached`, when a view that is followed shows that position, so that you read what you wrote.',
    ),
  subscribe_terminal: z
    .strictObject({
      type: z.literal('subscribe_terminal'),
      id,
      agentId: z.string().min(1).max(60).describe('agt_…, or a unique prefix of it'),
      cursor: z
        .number()
        .int()
        .min(0)
        .optional()
        .describe(
          'The first byte wanted; by default the oldest there is. One that was let go of is `stream.resume_too_old`',
        ),
    })
    .describe('Follow an agent’s terminal, as binary messages. For people, not for agents.'),
  unsubscribe: z
    .strictObject({ type: z.literal('unsubscribe'), id })
    .describe('End a subscription; `unsubscribed` is its last message.'),
  command: z
    .strictObject({
      type: z.literal('command'),
      id,
      name: z.string().min(1).max(60).describe('One of docs/commands.md'),
      input: z.unknown().describe('As for REST'),
      idempotencyKey: z
        .string()
        .regex(IDEMPOTENCY_KEY)
        .optional()
        .describe('The same key with the same command happens once and is answered as the first time'),
    })
    .describe('Send a command; `answer` or `error` carries its id.'),
};

const event = z
  .looseObject({
    id: z.string(),
    stream: z.string(),
    revision: z.number().int(),
    position,
    type: z.string(),
    v: z.number().int(),
    at: z.number().describe('Milliseconds since the Unix epoch'),
    data: z.record(z.string(), z.unknown()),
    meta: z.record(z.string(), z.unknown()),
    text: z.string().describe('In a sentence'),
  })
  .describe('As `GET /api/events` has it');

const row = z.record(z.string(), z.unknown());

export const serverMessages = {
  welcome: z
    .strictObject({
      type: z.literal('welcome'),
      v: z.literal(PROTOCOL_VERSION),
      principal: z.strictObject({ role: z.string(), id: z.string() }),
      logId: z.string().describe('Positions are of this log'),
      position: position.describe('How far the server has read the log'),
      heartbeatMs: z.number().int(),
    })
    .describe('The first message.'),
  heartbeat: z
    .strictObject({ type: z.literal('heartbeat'), position })
    .describe(
      'Every so often. All that concerns a subscription that has caught up, up to this position, was sent before it: resume from here. Two that are missing mean that the server is gone.',
    ),
  subscribed: z
    .strictObject({
      type: z.literal('subscribed'),
      id,
      after: position.optional().describe('Of events: the position behind which they begin'),
      handle: z.number().int().optional().describe('Of a terminal: what its binary messages begin with'),
      cursor: z.number().int().optional().describe('Of a terminal: the first byte that comes'),
    })
    .describe('The subscription stands.'),
  events: z
    .strictObject({
      type: z.literal('events'),
      id,
      position: position.describe('Of the last one: resume from here'),
      events: z.array(event),
    })
    .describe('Events in the order of the log, each once.'),
  caught_up: z
    .strictObject({ type: z.literal('caught_up'), id, position })
    .describe('Everything up to here was sent; what follows happens now. Once per subscription.'),
  snapshot: z
    .strictObject({
      type: z.literal('snapshot'),
      id,
      view: z.string(),
      v: z.number().int().describe('Of the view’s shape'),
      params: z.record(z.string(), z.unknown()),
      position,
      asOf: z.number().describe('The moment to which ages in these rows count: milliseconds since the Unix epoch'),
      rows: z.record(z.string(), row).describe('By key, in order'),
      summary: row,
      degraded: z.unknown().optional().describe('There when an event could not be folded: what rests on it is missing'),
    })
    .describe('The whole view, once per subscription.'),
  delta: z
    .strictObject({
      type: z.literal('delta'),
      id,
      position: position.describe('The view is as of this position once this is applied'),
      asOf: z.number().describe('The moment to which ages in these rows count'),
      rows: z.record(z.string(), row).describe('Put in the place of those with the same key; new keys go to the end'),
      removed: z.array(z.string()).describe('Keys to take out, before anything else'),
      order: z.array(z.string()).optional().describe('All keys in order, where it is another one than that'),
      summary: row.optional().describe('There when it has changed'),
      degraded: z.unknown().optional(),
    })
    .describe('What has changed. A row in which only ages grew does not come again.'),
  reached: z
    .strictObject({ type: z.literal('reached'), id, position })
    .describe('What was sent of the view shows this position, which is the one asked for or a later one.'),
  unsubscribed: z
    .strictObject({ type: z.literal('unsubscribed'), id, error: errorSchema.optional() })
    .describe(
      'The subscription has ended: by `unsubscribe`, with its error, or because a terminal will print no more.',
    ),
  answer: z
    .strictObject({ type: z.literal('answer'), id, result: acceptedSchema })
    .describe('A command was accepted and is recorded; a view at its position shows it.'),
  error: z
    .strictObject({
      type: z.literal('error'),
      id: z.string().nullable().describe('Null when the message had none'),
      error: errorSchema,
    })
    .describe('A message was refused, and nothing was changed.'),
};

export const clientMessageSchema = z.discriminatedUnion('type', [
  clientMessages.subscribe_events,
  clientMessages.subscribe_view,
  clientMessages.subscribe_terminal,
  clientMessages.reach,
  clientMessages.unsubscribe,
  clientMessages.command,
]);

type ClientMessages = typeof clientMessages;
type ServerMessages = typeof serverMessages;
/** As a client writes it. */
export type ClientMessage = { [K in keyof ClientMessages]: z.input<ClientMessages[K]> }[keyof ClientMessages];
/** As the server has parsed it. */
export type ParsedMessage = z.output<typeof clientMessageSchema>;
export type ServerMessage = { [K in keyof ServerMessages]: z.output<ServerMessages[K]> }[keyof ServerMessages];
export type WireEvent = z.output<typeof event>;
