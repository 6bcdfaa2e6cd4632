/** What is told as it happens: the same events, views and terminals as the queries answer, to those who keep listening. */
import type { Failure } from '../../kernel/errors.ts';
import type { IdIndex } from '../../kernel/resolve-id.ts';
import type { ProjectionHost } from '../../projections/index.ts';
import type { EventStore } from '../../store/event-store.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Runner } from '../../runtime/runner.ts';
import { type Named, withWholeIds } from '../fields.ts';
import { createLiveEvents, type LiveEvents } from './live-events.ts';
import { createLiveTerminals, type LiveTerminals } from './live-terminals.ts';
import { createLiveViews, type LiveViews } from './live-views.ts';

export interface Live {
  /** Which log positions are of: one of another log means nothing here. */
  logId: string;
  ids: IdIndex;
  events: LiveEvents;
  views: LiveViews;
  terminals: LiveTerminals;
}

export interface LiveParts {
  logId: string;
  ids: IdIndex;
  store: EventStore;
  views: ProjectionHost;
  transcripts: Pick<Runner, 'id' | 'readTerminal'>;
  clock: Clock;
}

export function createLive(parts: LiveParts): Live {
  const { logId, ids } = parts;
  const events = createLiveEvents(parts);
  return {
    logId,
    ids,
    events,
    views: createLiveViews({ ...parts, reached: events.reached }),
    terminals: createLiveTerminals(parts),
  };
}

/** A view's parameters with whole ids in place of prefixes. */
export function wholeParams(params: Record<string, unknown>, ids: IdIndex): Promise<Record<string, unknown> | Failure> {
  return withWholeIds(params as Named & Record<string, unknown>, { ids });
}

export { type EventSelection, eventSelectionSchema, selectEvents } from './event-selection.ts';
export type { LiveEvents } from './live-events.ts';
export type { LiveTerminal } from './live-terminals.ts';
export type { LiveView } from './live-views.ts';
export { deltaOf, type ViewVersion } from './view-version.ts';
