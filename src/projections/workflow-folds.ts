import { LRUCache } from 'lru-cache';
import type { EventStore, Position, StoredEvent } from '../store/event-store.ts';
import type { Projection } from './define-projection.ts';
import { createLiveFold, type LiveFold } from './live-fold.ts';
import { readBatches } from './read-batches.ts';

/** So many workflows' folds stay in memory; another one is folded again through the index when it is asked for. */
const WORKFLOWS_KEPT_MAX = 32;

/** Folds over the events of single workflows, made when they are asked for and kept live as long as they are remembered. */
export interface WorkflowFolds {
  /** Up to the position that the feed has reached. */
  get(projection: Projection, workflowId: string): Promise<LiveFold>;
  /** What the feed has just applied to the others. */
  apply(events: readonly StoredEvent[], position: Position): void;
  clear(): void;
}

export function createWorkflowFolds(store: EventStore, reached: () => Position): WorkflowFolds {
  const kept = new LRUCache<string, Map<string, LiveFold>>({ max: WORKFLOWS_KEPT_MAX });

  async function make(projection: Projection, workflowId: string): Promise<LiveFold> {
    const fold = createLiveFold(projection);
    // The feed goes on meanwhile: what it brings is read too, until nothing is missing. No `await` lies between the
    // last look and the moment from which the feed brings events here.
    while (fold.position < reached()) {
      const until = reached();
      for await (const events of readBatches(store, { after: fold.position, until, filter: { workflowId } }))
        fold.apply(events);
      fold.advance(until);
    }
    const folds = kept.get(workflowId) ?? new Map<string, LiveFold>();
    folds.set(projection.name, fold);
    kept.set(workflowId, folds);
    return fold;
  }

  return {
    get: async (projection, workflowId) => kept.get(workflowId)?.get(projection.name) ?? make(projection, workflowId),
    apply(events, position) {
      if (kept.size === 0) return;
      for (const event of events) {
        const folds = kept.peek(event.meta.scope?.workflowId ?? '');
        if (folds) for (const fold of folds.values()) fold.apply([event]);
      }
      for (const folds of kept.values()) for (const fold of folds.values()) fold.advance(position);
    },
    clear: () => kept.clear(),
  };
}
