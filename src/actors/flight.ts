import type { ActorState } from '../machines/define-actor.ts';
import type { Appended } from '../store/event-store.ts';
import type { Folded } from './fold.ts';

/**
 * Appends of one stream that are on their way to the disk. Each was decided upon the state to which the one before it
 * leads, and is made under the revision that that one will have: think of cheques, each written on the balance that the one
 * before leaves, and all of them presented together. One that bounces takes those behind it along, by their revision.
 *
 *     decided ── append r ────────┐
 *        decided ── append r+1 ───┤ one flush ──► landed, landed, landed
 *           decided ── append r+2 ┘
 */
export interface Flight<Given> {
  /** What is on the disk; it moves on as they land. */
  folded: Folded;
  /** What the last of them leads to. */
  state: ActorState<unknown>;
  /** The answers that are to come, by command. */
  answers: Map<string, Promise<Given>>;
  appends: Set<Promise<void>>;
  /** One did not land, so that nothing more may be decided upon this. */
  failed: boolean;
}

export function startFlight<Given>(folded: Folded): Flight<Given> {
  return { folded, state: folded.state, answers: new Map(), appends: new Set(), failed: false };
}

/** Takes an append along; answers what `landed` makes of it. */
export function board<Given, Landed extends Given>(
  flight: Flight<Given>,
  leadsTo: ActorState<unknown>,
  appending: Promise<Appended>,
  landed: (appended: Appended) => Promise<Landed>,
): Promise<Landed> {
  flight.state = leadsTo;
  const answer = appending.then(landed).catch((error: unknown) => {
    flight.failed = true;
    throw error;
  });
  const leave = () => void flight.appends.delete(gone);
  const gone: Promise<void> = answer.then(leave, leave);
  flight.appends.add(gone);
  return answer;
}

/** Resolves when all that are on their way now have landed or failed. */
export async function ended(flight: Flight<unknown>): Promise<void> {
  await Promise.all(flight.appends);
}
