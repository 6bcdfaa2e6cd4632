import { type Chart, stays } from '../define-actor.ts';
import type { BestOfNFact, BestOfNSpec, BuildEnd, Drafting, Place, Score, Variant, Verdict } from './events.ts';
import type { OwnScorers } from './own-scorers.ts';
import type { Weights } from './weights.ts';

export interface BestOfNCandidate extends Variant {
  mutateMs: number;
  modelMs: number;
  /** The task that builds it; null before it has one. */
  taskId: string | null;
  end: BuildEnd | null;
  scores: Score[] | null;
  total: number | null;
  judgeMs: number | null;
}

/** A candidate as a rescoring judged it. */
export interface Rescored extends Place {
  passed: boolean;
  scores: Score[];
}

export interface Rescoring {
  verdict: number;
  by: string;
  weights: Weights;
  check: string | null;
  measured: boolean;
  anew?: boolean | undefined;
  judges?: string | undefined;
  scorers?: OwnScorers | undefined;
  /** In the order in which they were judged; empty when recorded scores were weighed. */
  rescored: Rescored[];
  result: (Verdict & { differs: boolean }) | null;
  /** Why it was given up; null while it was not. */
  abandoned: string | null;
}

export interface BestOfN {
  spec: BestOfNSpec | null;
  /** The run that holds the candidates. */
  workflowId: string | null;
  /** The task whose work the winner becomes. */
  taskId: string | null;
  /** The commit that every candidate begins at. */
  base: string | null;
  /** What a model wrote for the variants; null while none was asked. */
  drafting: Drafting | null;
  /** By index. */
  candidates: BestOfNCandidate[];
  /** Whether the outcome was settled before all had ended; null while they are built. */
  early: boolean | null;
  /** The first verdict: it is the one that was merged, and no rescoring changes it. */
  verdict: Verdict | null;
  sent: { trainId: string; candidateId: string } | null;
  commit: string | null;
  reason: string | null;
  /** Verdicts from number 2 on. */
  rescorings: Rescoring[];
  startedAt: number;
  endedAt: number | null;
}

const ends = { BestOfNFailed: 'failed', BestOfNCancelled: 'cancelled' };
const rescoring = ['RescoringStarted', 'CandidateRescored', 'VerdictReached', 'RescoringAbandoned'];

export const bestOfNChart: Chart = {
  initial: 'absent',
  states: {
    absent: { on: { BestOfNStarted: 'planned' } },
    planned: { on: { MutationStarted: 'mutating', ...ends } },
    mutating: { on: { DraftsWritten: 'mutating', VariantPlanned: 'mutating', BuildingStarted: 'building', ...ends } },
    // Who has ended may be judged while others are built: that is how it is seen that the outcome cannot change.
    building: {
      on: { ...stays('building', 'BuildStarted', 'BuildEnded', 'CandidateScored'), ScoringStarted: 'scoring', ...ends },
    },
    scoring: { on: { CandidateScored: 'scoring', WinnerSelected: 'selected', ...ends } },
    selected: { on: { WinnerSent: 'merging', BestOfNCompleted: 'completed', ...ends } },
    merging: { on: { BestOfNCompleted: 'completed', ...ends } },
    completed: { on: stays('completed', ...rescoring) },
    failed: { on: stays('failed', ...rescoring) },
    cancelled: {},
  },
};

const NONE: BestOfN = {
  spec: null,
  workflowId: null,
  taskId: null,
  base: null,
  drafting: null,
  candidates: [],
  early: null,
  verdict: null,
  sent: null,
  commit: null,
  reason: null,
  rescorings: [],
  startedAt: 0,
  endedAt: null,
};
export const noBestOfN = (): BestOfN => NONE;

export function evolveBestOfN(state: BestOfN, fact: BestOfNFact, at: number): BestOfN {
  switch (fact.type) {
    case 'BestOfNStarted': {
      const { startedBy: _by, ...spec } = fact.data;
      return { ...state, spec, startedAt: at };
    }
    case 'MutationStarted':
      return {
        ...state,
        workflowId: fact.data.workflowId,
        taskId: fact.data.taskId ?? null,
        base: fact.data.base ?? state.spec?.repository.baseCommit ?? null,
      };
    case 'DraftsWritten':
      return { ...state, drafting: fact.data };
    case 'VariantPlanned':
      return { ...state, candidates: [...state.candidates, { ...fact.data, ...UNBUILT }] };
    case 'BuildStarted':
      return changed(state, fact.data.index, { taskId: fact.data.taskId });
    case 'BuildEnded':
      return changed(state, fact.data.index, { end: fact.data });
    case 'CandidateScored': {
      const { index, scores, total, times } = fact.data;
      return changed(state, index, { scores, total, judgeMs: times.judgeMs });
    }
    case 'BuildingStarted':
      return state;
    case 'ScoringStarted':
      return { ...state, early: fact.data.early };
    case 'WinnerSelected':
      return { ...state, verdict: fact.data };
    case 'WinnerSent':
      return { ...state, sent: fact.data };
    case 'BestOfNCompleted':
      return { ...state, commit: fact.data.commit, endedAt: at };
    case 'BestOfNFailed':
    case 'BestOfNCancelled':
      return { ...state, reason: fact.data.reason, endedAt: at };
    case 'RescoringStarted':
      return { ...state, rescorings: [...state.rescorings, { ...fact.data, ...UNJUDGED }] };
    case 'CandidateRescored': {
      const { index, passed, scores, total } = fact.data;
      const changedLines = state.candidates[index]?.end?.changedLines ?? 0;
      return rejudged(state, fact.data.verdict, ({ rescored }) => ({
        rescored: [...rescored, { index, passed, scores, total, changedLines }],
      }));
    }
    case 'VerdictReached': {
      const { verdict, ...result } = fact.data;
      return rejudged(state, verdict, () => ({ result }));
    }
    case 'RescoringAbandoned': {
      const { verdict, reason } = fact.data;
      return rejudged(state, verdict, () => ({ abandoned: reason }));
    }
  }
}

const UNBUILT = { taskId: null, end: null, scores: null, total: null, judgeMs: null };
const UNJUDGED = { rescored: [], result: null, abandoned: null };

function changed(state: BestOfN, index: number, change: Partial<BestOfNCandidate>): BestOfN {
  const candidates = state.candidates.map((one) => (one.index === index ? { ...one, ...change } : one));
  return { ...state, candidates };
}

function rejudged(state: BestOfN, verdict: number, change: (one: Rescoring) => Partial<Rescoring>): BestOfN {
  const rescorings = state.rescorings.map((one) => (one.verdict === verdict ? { ...one, ...change(one) } : one));
  return { ...state, rescorings };
}

/** The rescoring that has no verdict yet. */
export function openRescoring({ rescorings }: BestOfN): Rescoring | null {
  return rescorings.find(({ result, abandoned }) => result === null && abandoned === null) ?? null;
}

/** Candidates that left work, so that it can be judged. */
export function judgeable({ candidates }: BestOfN): BestOfNCandidate[] {
  return candidates.filter(({ end }) => end !== null && end.commit !== null);
}
