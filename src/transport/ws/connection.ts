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
import { createOutbox, type Outbox, type Turn } from './outbox.ts';
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
  return new OpenConnection(ws, socket, caller, context);
}

const WAITING_MAX = { bytes: LIMITS.waitingBytes, events: LIMITS.waitingEvents };

/** A class: of a closure for each verb every client would keep a kilobyte. */
class OpenConnection implements Connection {
  readonly principal: Principal;
  readonly outbox: Outbox;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #caller: Caller;
  readonly #context: ConnectionContext;
  readonly #open = new Map<string, Open>();
  #underWay = 0;
  #handles = 0;
  #closing = false;
  #silentBeats = 0;
  #takenAtBeat: number | null = null;

  constructor(ws: WebSocket, socket: Duplex, caller: Caller, context: ConnectionContext) {
    this.principal = caller.principal;
    this.#ws = ws;
    this.#socket = socket;
    this.#caller = caller;
    this.#context = context;
    this.outbox = createOutbox(socket, context.turn, WAITING_MAX, () => {
      this.close(CLOSE.tooSlow, { code: 'stream.too_slow', ...this.#resumeAt() });
    });
    ws.on('message', (data: Buffer, isBinary: boolean) => this.#received(data, isBinary));
    ws.on('ping', (data: Buffer) => {
      this.#silentBeats = 0;
      this.outbox.push(pongFrame(data));
    });
    ws.on('pong', () => (this.#silentBeats = 0));
    // What is wrong with the bytes of a client, `ws` has said to it by then.
    ws.on('error', nothing);
    ws.on('close', () => this.#end());
  }

  send(message: ServerMessage): void {
    this.outbox.push(textFrame(JSON.stringify(message)));
  }

  /** An agent's token ends with the agent, and with it what its socket is told. */
  mayHear(): boolean {
    if (this.#closing) return false;
    if (this.#caller.isKnown()) return true;
    this.close(CLOSE.unknownToken, { code: 'auth.unknown_token' });
    return false;
  }

  close(code: number, reason: { code: string; position?: string }): void {
    if (this.#closing) return;
    this.#closing = true;
    this.outbox.flush();
    this.#end();
    this.#ws.close(code, JSON.stringify(reason));
  }

  beat(heartbeat: Buffer): void {
    if (this.#closing || !this.mayHear()) return;
    // A slow client that goes on reading is alive, though its pong waits behind what it reads. Where nothing waited, that
    // the system has taken our bytes says nothing of the other end.
    if (this.#takenAtBeat !== null && this.outbox.taken() > this.#takenAtBeat) this.#silentBeats = 0;
    this.#takenAtBeat = this.#socket.writableLength > 0 ? this.outbox.taken() : null;
    if (this.#silentBeats++ >= 2) return this.#ws.terminate();
    this.outbox.push(heartbeat);
    this.outbox.push(pingFrame());
  }

  #refuse(id: string | null, failure: Failure): void {
    this.send({ type: 'error', id, error: errorBody(failure) });
  }

  /** The position behind which nobody can say any more that everything was sent. */
  #resumeAt(): { position?: string } {
    const positions = [...this.#open.values()].flatMap(({ subscription }) => subscription.resumeAt?.() ?? []);
    const [first] = positions.sort((a, b) => (a < b ? -1 : 1));
    return first === undefined ? {} : { position: String(first) };
  }

  #end(): void {
    this.#closing = true;
    this.outbox.stop();
    for (const { stop } of this.#open.values()) stop.abort();
    this.#open.clear();
  }

  #received(data: Buffer, isBinary: boolean): void {
    this.#silentBeats = 0;
    if (!this.mayHear()) return;
    const message = parsed(data, isBinary);
    if ('refusal' in message) return this.#refuse(message.id, message.refusal);
    const { id } = message;
    const tooMany = this.#context.tooOften(this.principal);
    if (tooMany) return this.#refuse(id, tooMany);
    if (message.type === 'unsubscribe') return this.#unsubscribe(id);
    if (this.#underWay >= LIMITS.requestsUnderWay) {
      const text = `${this.#underWay} requests of this socket are being answered already.`;
      return this.#refuse(id, denied('stream.too_many', text));
    }
    if (message.type === 'command') return void this.#request(id, () => this.#command(message));
    if (message.type === 'reach') return void this.#request(id, () => this.#reach(message));
    const refusal = this.#place(id);
    if (refusal) return this.#refuse(id, refusal);
    void this.#follow(id, this.#subscriptionTo(message));
  }

  #subscriptionTo(asked: Subscribing): Subscription {
    const { live, fanOut } = this.#context;
    if (asked.type === 'subscribe_events') return eventSubscription(asked, live, fanOut);
    if (asked.type === 'subscribe_view') return viewSubscription(asked, live);
    return terminalSubscription(asked, live, ++this.#handles);
  }

  async #reach({ id, subscription, position }: Extract<ParsedMessage, { type: 'reach' }>) {
    const known = this.#open.get(subscription)?.subscription;
    if (!known?.reach) throw HephError.of(invalid('input.invalid', `There is no view ${subscription} on this socket.`));
    this.send({ type: 'reached', id, position: String(await known.reach(BigInt(position))) });
  }

  /** Why there is no place for one more subscription of that name. */
  #place(id: string): Failure | null {
    if (this.#open.has(id))
      return invalid('input.invalid', `There is a subscription ${id} already; end it, or name another.`);
    if (this.#open.size < LIMITS.subscriptionsPerSocket) return null;
    return denied('stream.too_many', `A socket carries ${LIMITS.subscriptionsPerSocket} subscriptions at most.`);
  }

  #unsubscribe(id: string): void {
    const known = this.#open.get(id);
    if (!known) return this.#refuse(id, invalid('input.invalid', `There is no subscription ${id} on this socket.`));
    this.#open.delete(id);
    known.stop.abort();
    this.send({ type: 'unsubscribed', id });
  }

  async #command({ id, name, input, idempotencyKey }: Extract<ParsedMessage, { type: 'command' }>) {
    if (!this.#context.offered.has(name))
      throw HephError.of(invalid('command.unknown', `There is no command ${JSON.stringify(name)}.`));
    const { principal } = this;
    const result = await sendCommand(this.#context.bus, { name, input, principal, idempotencyKey });
    if (isFailure(result)) throw HephError.of(result);
    this.send({ type: 'answer', id, result });
  }

  async #request(id: string, work: () => Promise<void>): Promise<void> {
    this.#underWay++;
    try {
      await work();
    } catch (error) {
      this.#refuse(id, failureOf(error, this.#context.log));
    } finally {
      this.#underWay--;
    }
  }

  async #follow(id: string, subscription: Subscription): Promise<void> {
    const stop = new AbortController();
    this.#open.set(id, { subscription, stop });
    let stands = false;
    this.#underWay++;
    const answered = () => {
      if (stands) return;
      stands = true;
      this.#underWay--;
    };
    const told: Socketside = {
      principal: this.principal,
      outbox: this.outbox,
      mayHear: () => this.mayHear(),
      send: (message) => {
        if (message.type === 'subscribed') answered();
        this.send(message);
      },
    };
    try {
      await subscription.run(told, stop.signal);
      if (!stop.signal.aborted) this.#ended(id);
    } catch (error) {
      if (stop.signal.aborted) return;
      const failure = failureOf(error, this.#context.log);
      if (stands) this.#ended(id, failure);
      else {
        this.#open.delete(id);
        if (failure.kind === 'denied')
          await recordDenial(this.#context.bus, this.principal, 'subscribe', failure).catch(() => {});
        this.#refuse(id, failure);
      }
    } finally {
      answered();
    }
  }

  #ended(id: string, failure?: Failure): void {
    this.#open.delete(id);
    this.send({ type: 'unsubscribed', id, ...(failure && { error: errorBody(failure) }) });
  }
}

function nothing(): void {}

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
