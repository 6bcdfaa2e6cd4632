import type { Position } from '../../event-store.ts';
import type { Reader } from './reader.ts';

/** How far the log is known to go. Others append too, so what is known may be less than what is there. */
export interface Heads {
  known(): Position;
  /** Something of this log was seen at the position. */
  raise(position: Position): void;
  /** Asks the store. */
  refresh(signal?: AbortSignal): Promise<Position>;
}

const LOOK_BACK_FIRST = 16;
const LOOK_BACK_MAX = 1000;

export function createHeads(reader: Reader, onRaise: () => void): Heads {
  let known = 0n;
  // Every event up to here was looked at, so the last one of this log among them is known.
  let searched = 0n;

  function raise(position: Position): void {
    if (position <= known) return;
    known = position;
    onRaise();
  }

  return {
    known: () => known,
    raise,
    async refresh(signal) {
      let newest: Position | undefined;
      let after: Position | undefined;
      for (let limit = LOOK_BACK_FIRST; ; limit = Math.min(limit * 4, LOOK_BACK_MAX)) {
        const read = { direction: 'backwards', limit, ...(after !== undefined && { after }) } as const;
        const page = await reader.logPage(undefined, read, signal);
        newest ??= page.events[0]?.position ?? page.last;
        const [found] = page.events;
        if (found) raise(found.position);
        if (found || !page.full || page.last === undefined || page.last <= searched) break;
        after = page.last;
      }
      if (newest !== undefined && newest > searched) searched = newest;
      return known;
    },
  };
}
