import type { EventFilter, Position } from '../event-store.ts';
import { matcherOf } from '../row-filter.ts';
import { type Row, toEvent } from '../rows.ts';
import type { SubscriptionPage } from '../subscription.ts';

export const PAGE_EVENTS_MAX = 1000;

/** A page out of rows that lie side by side in memory, `rows[0]` at position `first`. */
export function pageOfRows(
  rows: readonly Row[],
  first: number,
  after: number,
  filter: EventFilter | undefined,
): SubscriptionPage {
  const matches = matcherOf(filter);
  const events = [];
  let index = after + 1 - first;
  for (; index < rows.length && events.length < PAGE_EVENTS_MAX; index++) {
    const row = rows[index] as Row;
    if (!matches || matches(row)) events.push(toEvent(row));
  }
  return { events, through: BigInt(first + index - 1) };
}

/** Which positions a read of the whole log covers: `low` exclusive, `high` inclusive. */
export function boundsOf(
  head: number,
  options: { after?: Position; until?: Position; direction?: string },
): { low: number; high: number } {
  const until = Math.min(head, options.until === undefined ? head : Number(options.until));
  if (options.after === undefined) return { low: 0, high: until };
  if (options.direction === 'backwards') return { low: 0, high: Math.min(until, Number(options.after) - 1) };
  return { low: Number(options.after), high: until };
}
