import type { EventRow } from './pages.ts';

/** Why an event came: `recorded` names the event that made somebody act; `inferred` is what went before it in its own stream. */
export interface Link {
  kind: 'recorded' | 'inferred';
  eventId: string | null;
  /** Among the rows; null: it is not loaded, or not shown by the filters. */
  index: number | null;
  /** Decimal; null where it is not among the rows. */
  position: string | null;
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
  function linkTo(kind: Link['kind'], index: number | undefined, eventId: string | null = null): Link {
    const row = index === undefined ? undefined : rows[index];
    if (index === undefined || !row) return { kind, eventId, index: null, position: null };
    return { kind, eventId: row.eventId, index, position: row.position };
  }
  return {
    causeOf(row) {
      if (row.cause !== null) return linkTo('recorded', byId.get(row.cause), row.cause);
      return row.revision <= 0 ? null : linkTo('inferred', byPlace.get(placeOf(row.stream, row.revision - 1)));
    },
    effectsOf(row) {
      const recorded = (effects.get(row.eventId) ?? []).map((index) => linkTo('recorded', index));
      const next = byPlace.get(placeOf(row.stream, row.revision + 1));
      const follower = next === undefined ? undefined : rows[next];
      // What names another cause did not follow from this one.
      if (next === undefined || !follower || follower.cause !== null) return recorded;
      return [...recorded, linkTo('inferred', next)];
    },
  };
}

function placeOf(stream: string, revision: number): string {
  return `${stream}@${revision}`;
}
