import type { EventRow } from './pages.ts';

/** Why an event came: `recorded` names the event that made somebody act; `inferred` is what went before it in its own stream. */
export interface Link {
  kind: 'recorded' | 'inferred';
  eventId: string | null;
  /** Among the rows; null: it is not loaded, or not shown by the filters. */
  index: number | null;
}

export interface LinkIndex {
  /** Null for what has neither: the first event of a stream that a person began. */
  causeOf(row: EventRow): Link | null;
  /** What it led to, among the rows. */
  effectsOf(row: EventRow): Link[];
}

/** Over rows in the order of the log. */
export function linkIndex(rows: readonly EventRow[]): LinkIndex {
  const byId = new Map<string, number>();
  const byPlace = new Map<string, number>();
  const effects = new Map<string, number[]>();
  for (const [index, row] of rows.entries()) {
    byId.set(row.eventId, index);
    byPlace.set(placeOf(row.stream, row.revision), index);
    if (row.cause !== null) effects.set(row.cause, [...(effects.get(row.cause) ?? []), index]);
  }
  return {
    causeOf(row) {
      if (row.cause !== null) return { kind: 'recorded', eventId: row.cause, index: byId.get(row.cause) ?? null };
      if (row.revision <= 0) return null;
      const index = byPlace.get(placeOf(row.stream, row.revision - 1)) ?? null;
      return { kind: 'inferred', eventId: index === null ? null : (rows[index]?.eventId ?? null), index };
    },
    effectsOf(row) {
      const recorded = (effects.get(row.eventId) ?? []).map(
        (index): Link => ({ kind: 'recorded', eventId: rows[index]?.eventId ?? null, index }),
      );
      const next = byPlace.get(placeOf(row.stream, row.revision + 1));
      const follower = next === undefined ? undefined : rows[next];
      // What names another cause did not follow from this one.
      if (next === undefined || !follower || follower.cause !== null) return recorded;
      return [...recorded, { kind: 'inferred', eventId: follower.eventId, index: next }];
    },
  };
}

function placeOf(stream: string, revision: number): string {
  return `${stream}@${revision}`;
}
