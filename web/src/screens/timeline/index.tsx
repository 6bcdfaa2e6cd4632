import './timeline.css';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import type { EventRequest } from '../../../../src/transport/stream-client/index.ts';
import { count } from '../../../../src/transport/words/index.ts';
import { Button } from '../../parts/button.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Refusal } from '../../parts/refusal.tsx';
import { ViewGate } from '../../parts/view-gate.tsx';
import { query } from '../../server/api.ts';
import { stream } from '../../server/connection.ts';
import { usePast } from '../../server/moment.ts';
import { EventList } from './event-list.tsx';
import { clearFilters, FilterBar, type Filters, paramsOf, useFilters } from './filters.tsx';
import { type Answer, createPages, type Pages } from './pages.ts';

/** Everything that has happened, in order, with what led to it. */
export default function Timeline() {
  const filters = useFilters();
  const pages = usePages(filters);
  const loaded = useSyncExternalStore(pages.subscribe, pages.get);
  const types = useMemo(() => [...new Set(loaded.rows.map(({ type }) => type))].sort(), [loaded.rows]);
  const isFiltered = Object.keys(filters).length > 0;
  const { rows, state, failure, hasOlder, isLoadingOlder } = loaded;
  const isEmpty = state === 'ready' && rows.length === 0 && !hasOlder;
  return (
    <>
      <FilterBar types={types} />
      <div className="events-facts dim" role="status">
        <span>
          {state === 'loading' ? 'Looking …' : `${count(rows.length, 'event')}${hasOlder ? ' so far' : ''}`}
          {isLoadingOlder && rows.length === 0 && isFiltered ? ', looking further back …' : ''}
        </span>
        <span className="legend">
          <span className="link-recorded">← cause</span> recorded
          <span className="link-inferred">⇠ before</span> inferred
        </span>
      </div>
      {rows.length > 0 && failure && <Refusal of={failure} />}
      <ViewGate view={{ state: state === 'ready' ? 'live' : state, failure, degraded: null }}>
        {isEmpty ? (
          <EmptyState title={isFiltered ? 'No event fits these filters' : 'Nothing has happened yet'}>
            {isFiltered ? (
              <Button onClick={clearFilters}>Clear the filters</Button>
            ) : (
              <p>
                Start a workflow with <code>heph run bugfix --repo . --goal "Make the tests pass"</code>.
              </p>
            )}
          </EmptyState>
        ) : (
          <EventList loaded={loaded} onOlder={pages.older} />
        )}
      </ViewGate>
    </>
  );
}

type Filtered = Partial<Pick<EventRequest, 'stream' | 'types' | 'workflowId' | 'taskId'>>;
const STREAMED: readonly string[] = ['stream', 'types', 'workflowId', 'taskId'] satisfies (keyof Filtered)[];

/** Of these filters, at the moment that the page shows. Now, the stream rings when there is more. */
function usePages(filters: Filters): Pages {
  const at = usePast();
  const asked = JSON.stringify(paramsOf(filters));
  const pages = useMemo(() => {
    const params = JSON.parse(asked) as Record<string, unknown>;
    const moment = at === null ? {} : { at };
    return createPages((page, signal) =>
      query<Answer>('get_view', { view: 'timeline', params: { ...params, ...page }, ...moment }, signal),
    );
  }, [asked, at]);
  useEffect(() => {
    if (at !== null) return;
    // The stream takes some of them; the view is asked with all.
    const wanted = Object.entries(JSON.parse(asked) as Filtered).filter(([name]) => STREAMED.includes(name));
    const rung = Object.fromEntries(wanted) as Filtered;
    const { close } = stream.events({ ...rung, after: 'now', onEvents: pages.news, onCaughtUp: pages.news });
    return close;
  }, [pages, asked, at]);
  // Strict mode runs effects twice; what was closed by the first end would stay closed.
  useEffect(() => {
    let isGone = false;
    return () => {
      isGone = true;
      setTimeout(() => isGone && pages.close());
    };
  }, [pages]);
  return pages;
}
