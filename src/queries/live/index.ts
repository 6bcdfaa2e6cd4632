/** What is told as it happens: the same events, views and terminals as the queries answer, to those who keep listening. */
import type { IdIndex } from '../../kernel/resolve-id.ts';
import type { ProjectionHost } from '../../projections/index.ts';
import type { EventStore } from '../../store/event-store.ts';
import { createLiveEvents, type LiveEvents } from './live-events.ts';

export interface Live {
  /** Which log positions are of: one of another log means nothing here. */
  logId: string;
  ids: IdIndex;
  events: LiveEvents;
}

export interface LiveParts {
  logId: string;
  ids: IdIndex;
  store: EventStore;
  views: ProjectionHost;
}

export function createLive({ logId, ids, store, views }: LiveParts): Live {
  return { logId, ids, events: createLiveEvents({ store, views }) };
}

export { type EventSelection, eventSelectionSchema, selectEvents } from './event-selection.ts';
export type { LiveEvents } from './live-events.ts';
