import type { EventFilter } from './event-store.ts';
import type { Row } from './rows.ts';

/** Whether a row passes the filter; undefined when every row does. An empty list in a filter lets nothing pass. */
export function matcherOf(filter: EventFilter | undefined): ((row: Row) => boolean) | undefined {
  const { streamPrefixes, types, workflowId } = filter ?? {};
  if (!streamPrefixes && !types && workflowId === undefined) return undefined;
  const typeSet = types && new Set(types);
  return (row) =>
    (workflowId === undefined || row.workflow === workflowId) &&
    (typeSet === undefined || typeSet.has(row.type)) &&
    (streamPrefixes === undefined || streamPrefixes.some((prefix) => row.stream.startsWith(prefix)));
}
