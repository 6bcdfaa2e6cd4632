import { assert } from '../kernel/errors.ts';
import { type CarriedFrom, carriedFrom, carryOverFacts, generationOf, isCarryOver } from '../machines/carry-over.ts';
import type { ActorKind, ActorState, Fact } from '../machines/define-actor.ts';
import type { StoredEvent } from '../store/event-store.ts';

/** So many commands are remembered per actor, to answer a repeated one as the first time. */
const RECENT_MAX = 256;

export interface Answer {
  /** Where its events are: of a long-lived actor, it may be an earlier stream than the one it lives in now. */
  stream: string;
  revision: number;
  /** Null for one that was carried over from an earlier stream: positions are the store's own and are not carried. */
  position: bigint | null;
  types: string[];
}

/** An actor as its stream tells it: the state, and the answers that were given lately. */
export interface Folded {
  /** The one that was folded, and that the next event goes to. */
  stream: string;
  state: ActorState<unknown>;
  recent: Map<string, Answer>;
  /** The answer to the append that is being folded. */
  last: Answer | null;
  /** The stream in which the actor goes on, once this one has got its last event. */
  successor: string | null;
}

export function startFold(kind: ActorKind<unknown, Fact>, stream: string): Folded {
  return { stream, state: kind.start(), recent: new Map(), last: null, successor: null };
}

/**
 * Applies one stored event. A type that this version does not know is kept in the log and passed over here; a known one
 * that does not fit throws Defect, and the caller quarantines the stream.
 */
export function foldEvent(kind: ActorKind<unknown, Fact>, folded: Folded, event: StoredEvent): void {
  assert(folded.successor === null, `${event.type} follows the last event of ${folded.stream}`);
  if (isCarryOver(kind, event.type)) return foldCarryOver(kind, folded, event);
  folded.state = kind.facts[event.type]
    ? kind.step(folded.state, { type: event.type, v: event.v, data: event.data }, event.at)
    : { ...folded.state, revision: folded.state.revision + 1 };
  const command = event.meta.command;
  const { stream, revision, position } = event;
  if (command) {
    folded.last = { stream, revision, position, types: [event.type] };
    remember(folded.recent, command.id, folded.last);
    return;
  }
  // Later events of the same append: the answer is the last one's.
  const { last } = folded;
  if (last && last.revision === revision - 1) {
    last.revision = revision;
    last.position = position;
    last.types.push(event.type);
  }
}

/** Whether the first has been folded at least as far as the second. */
export function isAsFar(one: Folded, other: Folded): boolean {
  const ahead = generationOf(one.stream) - generationOf(other.stream);
  return ahead > 0 || (ahead === 0 && one.state.revision >= other.state.revision);
}

/** What an actor takes along into its next stream. */
export function carriedBy({ stream, state, recent }: Folded): CarriedFrom {
  const answers = [...recent].map(([commandId, { position: _own, ...answer }]) => ({ commandId, ...answer }));
  return { from: stream, state: { value: state.value, context: { ...(state.context as object) } }, answers };
}

function foldCarryOver(kind: ActorKind<unknown, Fact>, folded: Folded, { type, data, revision }: StoredEvent): void {
  folded.last = null;
  if (type === 'CarriedOver') {
    folded.successor = carryOverFacts.CarriedOver.parse(data).to;
    folded.state = { ...folded.state, revision };
    return;
  }
  assert(revision === 0, `${folded.stream} was begun already`);
  const { state, answers } = carriedFrom(kind, data);
  folded.state = { ...state, revision };
  for (const { commandId, ...answer } of answers) remember(folded.recent, commandId, { ...answer, position: null });
}

export function remember(recent: Map<string, Answer>, commandId: string, answer: Answer): void {
  recent.set(commandId, answer);
  if (recent.size > RECENT_MAX) recent.delete(recent.keys().next().value as string);
}
