import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { CommandBus, Principal } from '../../commands/index.ts';
import { type Failure, HephError, denied, invalid, isFailure } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/log.ts';
import type { Live } from '../../queries/index.ts';
import { errorBody, failureOf } from '../answers.ts';
import { recordDenial } from '../denials.ts';
import { parseJsonBody } from '../json-body.ts';
import { sendCommand } from '../send-command.ts';
import { eventSubscription } from './event-subscription.ts';
import type { FanOut } from './fan-out.ts';
import { pongFrame, pingFrame, textFrame } from './frame.ts';
import { createOutbox, type Turn } from './outbox.ts';
import { CLOSE, clientMessageSchema, LIMITS, type ParsedMessage, type ServerMessage } from './protocol.ts';
import type { Socketside, Subscription } from './subscription.ts';
import { terminalSubscription } from './terminal-subscription.ts';
import { viewSubscription } from './view-subscription.ts';

/** Who is at the other end, and whether they still are who they were when they came. */
export interface Caller {
  principal: Principal;
  isKnown(): boolean;
}

export interface ConnectionContext {
  bus: CommandBus;
  live: Live;
  fanOut: FanOut;
  turn: Turn;
  log: Log;
  /** The names of commands that have a face. */
  offered: ReadonlySet<string>;
  /** Null, or why this is too often. */
  tooOften(principal: Principal): Failure | null;
}

/** One client's socket, from `welcome` to its end. */
export interface Connection {
  /** Tells that the server lives, asks whether the client does, and lets go of one that has given no sign of it since two beats. */
  beat(heartbeat: Buffer): void;
  /** The last words, and the end; the client is cut off when it does not close in its turn. */
  close(code: number, reason: { code: string; position?: string }): void;
  send(message: ServerMessage): void;
}

type Subscribing = Extract<ParsedMessage, { type: 'subscribe_events' | 'subscribe_view' | 'subscribe_terminal' }>;

interface Open {
  subscription: Subscription;
  stop: AbortController;
}

export function openConnection(ws: WebSocket, socket: Duplex, caller: Caller, context: ConnectionContext): Connection {
  const { principal } = caller;
  const open = new Map<string, Open>();
  let underWay = 0;
  let handles = 0;
  let closing = false;
  let silentBeats = 0;
  let takenAtBeat: number | null = null;
  const limits = { bytes: LIMITS.waitingBytes, events: LIMITS.waitingEvents };
  const outbox = createOutbox(socket, context.turn, limits, () => {
    close(CLOSE.tooSlow, { code: 'stream.too_slow', ...resumeAt() });
  });
  const side: Socketside = { principal, outbox, mayHear, send };

  function send(message: ServerMessage): void {
    outbox.push(textFrame(JSON.stringify(message)));
  }

  function refuse(id: string | null, failure: Failure): void {
    send({ type: 'error', id, error: errorBody(failure) });
  }

  /** An agent's token ends with the agent, and with it what its socket is told. */
  function mayHear(): boolean {
    if (closing) return false;
    if (caller.isKnown()) return true;
    close(CLOSE.unknownToken, { code: 'auth.unknown_token' });
    return false;
  }

  /** The position behind which nobody can say any more that everything was sent. */
  function resumeAt(): { position?: string } {
    const positions = [...open.values()].flatMap(({ subscription }) => subscription.resumeAt?.() ?? []);
    const [first] = positions.sort((a, b) => (a < b ? -1 : 1));
    return first === undefined ? {} : { position: String(first) };
  }

  function close(code: number, reason: { code: string; position?: string }): void {
    if (closing) return;
    closing = true;
    outbox.flush();
    end();
    ws.close(code, JSON.stringify(reason));
  }

  function end(): void {
    closing = true;
    outbox.stop();
    for (const { stop } of open.values()) stop.abort();
    open.clear();
  }

  function received(data: Buffer, isBinary: boolean): void {
    silentBeats = 0;
    if (!mayHear()) return;
    const message = parsed(data, isBinary);
    if ('refusal' in message) return refuse(message.id, message.refusal);
    const { id } = message;
    const tooMany = context.tooOften(principal);
    if (tooMany) return refuse(id, tooMany);
    if (message.type === 'unsubscribe') return unsubscribe(id);
    if (underWay >= LIMITS.requestsUnderWay)
      return refuse(id, denied('stream.too_many', `${underWay} requests of this socket are being answered already.`));
    if (message.type === 'command') return void request(id, () => command(message));
    if (message.type === 'reach') return void request(id, () => reach(message));
    const refusal = place(id);
    if (refusal) return refuse(id, refusal);
    void follow(id, subscriptionTo(message));
  }

  function subscriptionTo(asked: Subscribing): Subscription {
    const { live, fanOut } = context;
    if (asked.type === 'subscribe_events') return eventSubscription(asked, live, fanOut);
    if (asked.type === 'subscribe_view') return viewSubscription(asked, live);
    return terminalSubscription(asked, live, ++handles);
  }

  async function reach({ id, subscription, position }: Extract<ParsedMessage, { type: 'reach' }>) {
    const known = open.get(subscription)?.subscription;
    if (!known?.reach) throw HephError.of(invalid('input.invalid', `There is no view ${subscription} on this socket.`));
    send({ type: 'reached', id, position: String(await known.reach(BigInt(position))) });
  }

  /** Why there is no place for one more subscription of that name. */
  function place(id: string): Failure | null {
    if (open.has(id))
      return invalid('input.invalid', `There is a subscription ${id} already; end it, or name another.`);
    if (open.size < LIMITS.subscriptionsPerSocket) return null;
    return denied('stream.too_many', `A socket carries ${LIMITS.subscriptionsPerSocket} subscriptions at most.`);
  }

  function unsubscribe(id: string): void {
    const known = open.get(id);
    if (!known) return refuse(id, invalid('input.invalid', `There is no subscription ${id} on this socket.`));
    open.delete(id);
    known.stop.abort();
    send({ type: 'unsubscribed', id });
  }

  async function command({ id, name, input, idempotencyKey }: Extract<ParsedMessage, { type: 'command' }>) {
    if (!context.offered.has(name))
      throw HephError.of(invalid('command.unknown', `There is no command ${JSON.stringify(name)}.`));
    const result = await sendCommand(context.bus, { name, input, principal, idempotencyKey });
    if (isFailure(result)) throw HephError.of(result);
    send({ type: 'answer', id, result });
  }

  async function request(id: string, work: () => Promise<void>): Promise<void> {
    underWay++;
    try {
      await work();
    } catch (error) {
      refuse(id, failureOf(error, context.log));
    } finally {
      underWay--;
    }
  }

  async function follow(id: string, subscription: Subscription): Promise<void> {
    const stop = new AbortController();
    open.set(id, { subscription, stop });
    let stands = false;
    underWay++;
    const answered = () => {
      if (stands) return;
      stands = true;
      underWay--;
    };
    const told: Socketside = {
      ...side,
      send(message) {
        if (message.type === 'subscribed') answered();
        send(message);
      },
    };
    try {
      await subscription.run(told, stop.signal);
      if (!stop.signal.aborted) ended(id);
    } catch (error) {
      if (stop.signal.aborted) return;
      const failure = failureOf(error, context.log);
      if (stands) ended(id, failure);
      else {
        open.delete(id);
        if (failure.kind === 'denied') await recordDenial(context.bus, principal, 'subscribe', failure).catch(() => {});
        refuse(id, failure);
      }
    } finally {
      answered();
    }
  }

  function ended(id: string, failure?: Failure): void {
    open.delete(id);
    send({ type: 'unsubscribed', id, ...(failure && { error: errorBody(failure) }) });
  }

  ws.on('message', received);
  ws.on('ping', (data: Buffer) => {
    silentBeats = 0;
    outbox.push(pongFrame(data));
  });
  ws.on('pong', () => (silentBeats = 0));
  // What is wrong with the bytes of a client, `ws` has said to it by then.
  ws.on('error', () => {});
  ws.on('close', end);

  return {
    send,
    close,
    beat(heartbeat) {
      if (closing || !mayHear()) return;
      // A slow client that goes on reading is alive, though its pong waits behind what it reads. Where nothing waited, that
      // the system has taken our bytes says nothing of the other end.
      if (takenAtBeat !== null && outbox.taken() > takenAtBeat) silentBeats = 0;
      takenAtBeat = socket.writableLength > 0 ? outbox.taken() : null;
      if (silentBeats++ >= 2) return ws.terminate();
      outbox.push(heartbeat);
      outbox.push(pingFrame());
    },
  };
}

type Read = ParsedMessage | { id: string | null; refusal: Failure };

function parsed(data: Buffer, isBinary: boolean): Read {
  if (isBinary) return { id: null, refusal: invalid('input.not_json', 'Send JSON as text.') };
  const value = parseJsonBody(data);
  if (isFailure(value)) return { id: null, refusal: value };
  const result = clientMessageSchema.safeParse(value);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const where = first?.path.length ? `${first.path.join('.')}: ` : '';
  return { id: idOf(value), refusal: invalid('input.invalid', `${where}${first?.message}`) };
}

/** So that the refusal of a message with a mistake finds who sent it. */
function idOf(value: unknown): string | null {
  const id = (value as { id?: unknown } | null)?.id;
  return typeof id === 'string' && id.length <= 60 ? id : null;
}
