import { z } from 'zod';
import type { BestOfNFact } from '../../machines/best-of-n/index.ts';
import { type KeptRef, OLDER_THAN_MS, type PruningFact } from '../../machines/pruning/index.ts';
import type { TaskFact } from '../../machines/task/index.ts';
import type { WorkflowFact } from '../../machines/workflow/index.ts';
import type { EventStore, Position, StoredEvent } from '../../store/event-store.ts';
import type { LogView, Moment } from '../define-projection.ts';

/** Work that a ref of ours keeps, and what the log says of its run. */
export interface KeptWork extends KeptRef {
  workflowId: string;
  keptAt: number;
  /** When its run ended; null while it goes on. */
  endedAt: number | null;
  /** A rescoring measures the candidates of its run at this moment. */
  rescored: boolean;
  /** Whose mirror it is in; null where there is one runner only. */
  runnerId: string | null;
}

const TYPES = [
  ...['TreeKept', 'WorktreeRemoved', 'WorkflowStarted', 'WorkflowAdopted', 'PruningCompleted', 'MutationStarted'],
  ...['WorkflowCompleted', 'WorkflowFailed', 'WorkflowCancelled'],
  ...['RescoringStarted', 'VerdictReached', 'RescoringAbandoned'],
];

interface Run {
  endedAt: number | null;
  runnerId: string | null;
  repositoryId: string;
}

/** Every ref that is recorded and was not pruned, in the order in which they were kept. A query over the log: nobody asks often. */
export async function readKeptWork(store: EventStore, until: Position): Promise<KeptWork[]> {
  const refs = new Map<string, KeptRef & { workflowId: string; keptAt: number }>();
  const runs = new Map<string, Run>();
  /** The run of each best-of-N, and those whose candidates are being judged again. */
  const contests = { runOf: new Map<string, string>(), open: new Set<string>() };
  const keep = (event: StoredEvent, ref: string, commit: string | null, of: { taskId?: string } = {}) => {
    const { repositoryId = '', workflowId = '', taskId = '' } = { ...event.meta.scope, ...of };
    refs.set(ref, { repositoryId, taskId, ref, commit, workflowId, keptAt: event.at });
  };
  for await (const event of store.readAll({ filter: { types: TYPES }, until })) {
    const id = event.stream.slice(event.stream.indexOf('-') + 1);
    const run = runs.get(id);
    const fact = event as StoredEvent & (TaskFact | WorkflowFact | BestOfNFact | PruningFact);
    switch (fact.type) {
      case 'TreeKept':
        if (fact.data.ref !== null) keep(event, fact.data.ref, fact.data.commit);
        break;
      case 'WorktreeRemoved':
        if (fact.data.rescued !== null) keep(event, fact.data.rescued, null);
        break;
      case 'WorkflowStarted': {
        const { repository, runnerId = null } = fact.data;
        runs.set(id, { endedAt: null, runnerId, repositoryId: repository.repositoryId });
        break;
      }
      case 'WorkflowAdopted':
        if (run) run.runnerId = fact.data.runnerId;
        for (const { taskId, ref } of fact.data.rescued) keep(event, ref, null, { taskId });
        break;
      case 'WorkflowCompleted':
      case 'WorkflowFailed':
      case 'WorkflowCancelled':
        if (run) run.endedAt = event.at;
        break;
      case 'MutationStarted':
        contests.runOf.set(id, fact.data.workflowId);
        break;
      case 'RescoringStarted':
        contests.open.add(contests.runOf.get(id) ?? '');
        break;
      case 'VerdictReached':
      case 'RescoringAbandoned':
        contests.open.delete(contests.runOf.get(id) ?? '');
        break;
      case 'PruningCompleted':
        for (const ref of [...fact.data.removed, ...fact.data.gone]) refs.delete(ref);
        break;
    }
  }
  return [...refs.values()].map((one): KeptWork => {
    const run = runs.get(one.workflowId);
    const { endedAt = null, runnerId = null } = run ?? {};
    return { ...one, endedAt, runnerId, rescored: contests.open.has(one.workflowId) };
  });
}

/** Whether it may go: its run has ended so long ago, and nobody judges it. */
export function mayBePruned({ endedAt, rescored }: KeptWork, asOf: number, olderThanMs: number): boolean {
  return endedAt !== null && !rescored && asOf - endedAt >= olderThanMs;
}

export const keptWorkView: LogView = {
  name: 'kept-work',
  v: 1,
  params: z.strictObject({ olderThanMs: z.number().int().min(0).default(OLDER_THAN_MS) }),
  async query(store, params, { position, asOf }: Moment) {
    const kept = await readKeptWork(store, position);
    const olderThanMs = params.olderThanMs as number;
    const rows = kept.map((one) => [one.ref, { ...one, prunable: mayBePruned(one, asOf, olderThanMs) }] as const);
    const prunable = rows.filter(([, row]) => row.prunable).length;
    return { rows: Object.fromEntries(rows), summary: { olderThanMs, kept: rows.length, prunable } };
  },
};
