import { assert, rejected, type Rejected } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { ActorKind, Fact } from '../machines/define-actor.ts';
import type { Folded } from './fold.ts';

/** How long a stream may grow, in events. */
export interface HistoryLimits {
  /** A long-lived actor goes on in a fresh stream. */
  carryOverAt: number;
  /** Somebody is told. */
  warnAt: number;
  /** No further command is taken. */
  max: number;
}

export const HISTORY_LIMITS: HistoryLimits = { carryOverAt: 8_000, warnAt: 10_000, max: 50_000 };

/** Watches how long streams grow: an actor is loaded by reading its stream to the end. */
export interface Histories {
  /** Whether the actor is to go on in a fresh stream, or has begun to and was broken off. */
  isCarriedOver(kind: ActorKind<unknown, Fact>, folded: Folded): boolean;
  /** It could not be carried over as it is: after some more events it is tried again. */
  putOff(folded: Folded): void;
  /** The refusal of a command on a stream that is as long as it may be. */
  refusal(folded: Folded): Rejected | null;
  /** To be told of each state that was loaded or reached. */
  note(folded: Folded): void;
  /** Streams beyond the length at which somebody is told. */
  long(): { stream: string; events: number }[];
}

export function createHistories(limits: HistoryLimits, log: Log): Histories {
  assert(limits.carryOverAt > 1, 'a stream that has just begun would be full');
  const long = new Map<string, number>();
  const dueAt = new Map<string, number>();
  const lengthOf = ({ state }: Folded) => state.revision + 1;
  return {
    isCarriedOver: (kind, folded) =>
      kind.carried !== undefined &&
      (folded.successor !== null || lengthOf(folded) >= (dueAt.get(folded.stream) ?? limits.carryOverAt)),
    putOff: (folded) => void dueAt.set(folded.stream, lengthOf(folded) + Math.ceil(limits.carryOverAt / 10)),
    refusal(folded) {
      if (lengthOf(folded) < limits.max) return null;
      const message = `The history of ${folded.stream} has ${lengthOf(folded)} events, and ${limits.max} is all that it may have.`;
      return rejected('actor.history_full', message, { stream: folded.stream });
    },
    note(folded) {
      const events = lengthOf(folded);
      if (events < limits.warnAt) return;
      const { stream } = folded;
      if (!long.has(stream)) log.warn({ stream, events, max: limits.max }, 'the history of an actor has grown long');
      long.set(stream, events);
    },
    long: () => [...long].map(([stream, events]) => ({ stream, events })),
  };
}
