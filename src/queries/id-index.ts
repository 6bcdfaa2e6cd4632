import type { IdIndex, NamedKind } from '../kernel/resolve-id.ts';
import type { EventStore } from '../store/event-store.ts';

/** Each has one event that is the first of its stream. */
const FIRST: Record<NamedKind, { category: string; type: string }> = {
  tsk: { category: 'task', type: 'TaskCreated' },
  agt: { category: 'agent', type: 'AgentRequested' },
  wfl: { category: 'workflow', type: 'WorkflowStarted' },
  bon: { category: 'bestOfN', type: 'BestOfNStarted' },
};

/** Ids by the beginnings of streams' names, which the store has an index of: nothing is kept in memory. */
export function createIdIndex(store: EventStore): IdIndex {
  return {
    async startingWith(kind, prefix, limit) {
      const { category, type } = FIRST[kind];
      const ids: string[] = [];
      const filter = { streamPrefixes: [`${category}-${prefix}`], types: [type] };
      for await (const event of store.readAll({ filter, limit })) ids.push(event.stream.slice(category.length + 1));
      return ids.sort();
    },
  };
}
