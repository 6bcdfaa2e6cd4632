import { createAtom } from '@xstate/store-react';

/** The event that a status, a badge, a score or a reason rests on, as rows of views carry it. */
export interface Evidence {
  eventId: string;
  /** Decimal. */
  position: string;
  type: string;
  /** Milliseconds since the Unix epoch. */
  at: number;
}

/** What the page explains just now: the chain of events that led to `evidence`. */
export interface Explained {
  evidence: Evidence;
  /** What was clicked, in words. */
  title: string;
}

export const explained = createAtom<Explained | null>(null);

/** Opens the chain of events behind something. */
export function explain(what: Explained): void {
  explained.set(what);
}
