import type { EventFilter } from '../../event-store.ts';
import type { Row } from '../../rows.ts';
import type { SubscriptionPage } from '../../subscription.ts';
import { pageOfRows } from '../row-log.ts';

/** The newest events in memory, so that subscribers who keep up never go to the disk. */
export interface Tail {
  push(rows: readonly Row[]): void;
  /** Undefined when it does not reach back to `after`. */
  page(after: number, filter: EventFilter | undefined): SubscriptionPage | undefined;
}

const TAIL_EVENTS_MAX = 4096;
const TAIL_CHARS_MAX = 8 * 1024 * 1024;

export function createTail(): Tail {
  let rows: Row[] = [];
  let chars = 0;

  // Half goes at once, so that moving the rest costs little for each event.
  function trim(): void {
    const keep = rows.slice(rows.length >> 1);
    rows = chars > TAIL_CHARS_MAX && keep.length === 1 ? [] : keep;
    chars = rows.reduce((sum, row) => sum + row.body.length, 0);
  }

  return {
    push(added) {
      for (const row of added) {
        rows.push(row);
        chars += row.body.length;
      }
      while (rows.length > TAIL_EVENTS_MAX || chars > TAIL_CHARS_MAX) trim();
    },
    page(after, filter) {
      const first = rows[0]?.position;
      return first === undefined || after + 1 < first ? undefined : pageOfRows(rows, first, after, filter);
    },
  };
}
