import type { EventStore, Position, StoredEvent } from '../store/event-store.ts';
import { findBefore } from './find-event.ts';

/**
 * How an event hangs on the one before it in the chain. `recorded`: whoever acted named it as the cause. `inferred`: nobody
 * did, and it is the nearest that can have been. `root`: nothing came before; a person asked, or the server began.
 */
export interface Link {
  link: 'root' | 'recorded' | 'inferred';
  /** In a sentence. */
  because: string;
}

export interface Cause extends Link {
  event: StoredEvent;
  /** The command that it came of; null where that is not known. */
  command: string | null;
}

const CHAIN_MAX = 50;
const LOOKED_AT_MAX = 100_000;

/**
 * What led to an event, the first cause first and the event last. A cause always lies before what it caused, so the walk
 * ends; `cut` says why it ended before the root.
 */
export async function causesOf(store: EventStore, event: StoredEvent): Promise<{ chain: Cause[]; cut: string | null }> {
  const chain: Cause[] = [];
  let room = LOOKED_AT_MAX;
  let at = event;
  for (;;) {
    const command = await commandOf(store, at);
    const { link, before, looked } = await causeOf(store, at, room);
    chain.unshift({ event: at, command, ...link });
    room -= looked;
    if (before === null) return { chain, cut: link.link === 'root' ? null : link.because };
    if (chain.length >= CHAIN_MAX) return { chain, cut: `The chain goes on before; ${CHAIN_MAX} links are shown.` };
    at = before;
  }
}

/** The first event of an append holds the command; those behind it belong to it. */
async function commandOf(store: EventStore, event: StoredEvent): Promise<string | null> {
  if (event.meta.command) return event.meta.command.name;
  for await (const first of store.readStream(event.stream, { direction: 'backwards', from: event.revision })) {
    const { command, count = 1 } = first.meta;
    if (command) return first.revision + count > event.revision ? command.name : null;
    if (event.revision - first.revision > 1024) return null;
  }
  return null;
}

interface Found {
  link: Link;
  before: StoredEvent | null;
  looked: number;
}

async function causeOf(store: EventStore, event: StoredEvent, room: number): Promise<Found> {
  const { causationId, actor } = event.meta;
  if (causationId !== undefined) {
    const { event: before, looked } = await findBefore(store, causationId, event.position, Math.max(1, room));
    const because = before
      ? `${who(actor)} acted on the event before it.`
      : `It was caused by ${causationId}, which is not among the ${LOOKED_AT_MAX} events before it.`;
    return { link: { link: 'recorded', because }, before, looked };
  }
  const root = (because: string): Found => ({ link: { link: 'root', because }, before: null, looked: 0 });
  if (actor.startsWith('agent:')) return byAgent(store, event, actor.slice('agent:'.length));
  if (!actor.startsWith('process:')) return root(`${who(actor)} asked for it.`);
  const before = await previous(store, event.stream, event.position);
  if (before === null) return root(`${who(actor)} began it.`);
  const because = `${who(actor)} did not say why; this is what had happened to it before.`;
  return { link: { link: 'inferred', because }, before, looked: 0 };
}

/** What made a model say something is in no log. That it was started is. */
async function byAgent(store: EventStore, event: StoredEvent, agentId: string): Promise<Found> {
  const because = 'The agent did it by itself, after it had been started.';
  for await (const one of store.readStream(`agent-${agentId}`)) {
    if (one.position >= event.position) break;
    if (one.type === 'AgentStarted') return { link: { link: 'inferred', because }, before: one, looked: 0 };
  }
  return { link: { link: 'root', because: 'The agent did it by itself.' }, before: null, looked: 0 };
}

/** The last event before there that led to another state. */
async function previous(store: EventStore, stream: string, before: Position): Promise<StoredEvent | null> {
  for await (const event of store.readStream(stream, { direction: 'backwards' }))
    if (event.position < before && event.meta.from !== event.meta.to) return event;
  return null;
}

function who(actor: string): string {
  const [kind, name] = actor.split(':');
  if (name === undefined) return actor === 'operator' ? 'An operator' : `The ${actor}`;
  return kind === 'process' ? `The process ${name}` : `The ${kind} ${name}`;
}
