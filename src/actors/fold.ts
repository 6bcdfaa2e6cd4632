import type { ActorKind, ActorState, Fact } from '../machines/define-actor.ts';
import type { StoredEvent } from '../store/event-store.ts';

/** So many commands are remembered per actor, to answer a repeated one as the first time. */
const RECENT_MAX = 256;

export interface Answer {
  revision: number;
  position: bigint;
  types: string[];
}

/** An actor as its stream tells it: the state, and the answers that were given lately. */
export interface Folded {
  state: ActorState<unknown>;
  recent: Map<string, Answer>;
  /** The answer to the append that is being folded. */
  last: Answer | null;
}

export function startFold(kind: ActorKind<unknown, Fact>): Folded {
  return { state: kind.start(), recent: new Map(), last: null };
}

/**
 * Applies one stored event. A type that this version does not know is kept in the log and passed over here; a known one
 * that does not fit throws Defect, and the caller quarantines the stream.
 */
export function foldEvent(kind: ActorKind<unknown, Fact>, folded: Folded, event: StoredEvent): void {
  folded.state = kind.facts[event.type]
    ? kind.step(folded.state, { type: event.type, v: event.v, data: event.data }, event.at)
    : { ...folded.state, revision: folded.state.revision + 1 };
  const command = event.meta.command;
  if (command) {
    folded.last = { revision: event.revision, position: event.position, types: [event.type] };
    remember(folded.recent, command.id, folded.last);
    return;
  }
  // Later events of the same append: the answer is the last one's.
  const { last } = folded;
  if (last && last.revision === event.revision - 1) {
    last.revision = event.revision;
    last.position = event.position;
    last.types.push(event.type);
  }
}

export function remember(recent: Map<string, Answer>, commandId: string, answer: Answer): void {
  recent.set(commandId, answer);
  if (recent.size > RECENT_MAX) recent.delete(recent.keys().next().value as string);
}
