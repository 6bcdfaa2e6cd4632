import { type MergeTrainFact, mergeTrainFacts } from '../machines/merge-train/index.ts';
import type { StoredEvent } from '../store/event-store.ts';
import { type Evidence, evidenceOf } from './evidence.ts';

/** Who stands in a merge train's line, and how far those are whose turn it is; for the views that tell of it. */
export interface TrainLine {
  branch: string;
  /** Those being merged first, then those that wait. */
  line: { candidateId: string; taskId: string | null; evidence: Evidence; merging: boolean }[];
  /** Several are merged together: how many they are, and how far it is. */
  batch: { size: number; stage: 'merging' | 'checking' | 'searching' } | null;
}

export const newLine = (): TrainLine => ({ branch: 'unknown', line: [], batch: null });

export type TrainEvent = StoredEvent & MergeTrainFact;

export function isOfTrain(event: StoredEvent): event is TrainEvent {
  return Object.hasOwn(mergeTrainFacts, event.type);
}

export function foldLine(train: TrainLine, event: TrainEvent): void {
  switch (event.type) {
    case 'TrainOpened':
      train.branch = event.data.branch;
      return;
    case 'CandidateQueued': {
      const { candidateId, taskId } = event.data;
      train.line.push({ candidateId, taskId, evidence: evidenceOf(event), merging: false });
      return;
    }
    case 'MergeStarted':
      mark(train, [event.data.candidateId], true, evidenceOf(event));
      return;
    case 'BatchStarted': {
      const { candidateIds } = event.data;
      mark(train, candidateIds, true, evidenceOf(event));
      train.batch = { size: candidateIds.length, stage: 'merging' };
      return;
    }
    case 'CandidateMerged':
    case 'MergeRestarted':
      if (train.batch) train.batch.stage = event.type === 'CandidateMerged' ? 'checking' : 'merging';
      return;
    case 'BatchChecked':
      if (train.batch) train.batch.stage = 'searching';
      return;
    case 'MergeAbandoned':
    case 'BatchEnded': {
      const waiting = train.line.filter(({ merging }) => merging).map(({ candidateId }) => candidateId);
      mark(train, waiting, false, evidenceOf(event));
      train.batch = null;
      return;
    }
    case 'CandidateLanded':
    case 'CandidateRefused':
    case 'RevertHandedOver':
    case 'CandidateWithdrawn':
      train.line = train.line.filter((one) => one.candidateId !== event.data.candidateId);
      if (train.batch && event.type === 'CandidateRefused') train.batch.size -= 1;
  }
}

function mark({ line }: TrainLine, candidateIds: readonly string[], merging: boolean, evidence: Evidence): void {
  for (const one of line) if (candidateIds.includes(one.candidateId)) Object.assign(one, { merging, evidence });
}

/** Where the candidate stands of which so many are ahead. */
export function placeInWords({ branch, line, batch }: TrainLine, ahead: number): string {
  if (!line[ahead]?.merging)
    return `It waits to be merged into ${branch}; ${ahead} ${ahead === 1 ? 'candidate is' : 'candidates are'} before it.`;
  if (!batch) return `It is being merged into ${branch}.`;
  const others = `a batch of ${batch.size}`;
  switch (batch.stage) {
    case 'merging':
      return `It is being merged into ${branch}, in ${others}.`;
    case 'checking':
      return `It is merged with ${branch}, in ${others} that is being checked.`;
    case 'searching':
      return `It is merged with ${branch}, in ${others} that did not pass; who is at fault is being looked for.`;
  }
}
