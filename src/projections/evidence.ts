import type { StoredEvent } from '../store/event-store.ts';

/** The event that a status or a reason rests on. */
export interface Evidence {
  eventId: string;
  /** Decimal. */
  position: string;
  type: string;
  /** Milliseconds since the Unix epoch. */
  at: number;
}

export function evidenceOf(event: StoredEvent): Evidence {
  return { eventId: event.id, position: event.position.toString(), type: event.type, at: event.at };
}

/** How old it is, in milliseconds; never negative, though a clock may jump. */
export function ageMs(evidence: { at: number }, asOf: number): number {
  return Math.max(0, asOf - evidence.at);
}
