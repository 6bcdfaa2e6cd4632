import { actorStreamOf } from '../../machines/carry-over.ts';
import { type MergeTrainFact, mergeTrainActor } from '../../machines/merge-train/index.ts';
import { type TaskFact, taskActor } from '../../machines/task/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { evidenceOf } from '../evidence.ts';
import { foldFleet } from '../fleet/index.ts';
import { foldDetail } from '../workflow/index.ts';
import { type History, type Merge, newHistory, type Round, type TaskHistories } from './state.ts';

/** Of a task that goes on for ever, only so many of each are kept: the newest. */
const KEPT_MAX = 100;

export function foldHistories(state: TaskHistories, event: StoredEvent): void {
  foldDetail(state.detail, event);
  foldFleet(state.fleet, event, Number.POSITIVE_INFINITY);
  if (event.type in taskActor.facts) foldTask(state, event as StoredEvent & TaskFact);
  else if (event.type in mergeTrainActor.facts) foldMerge(state, event as StoredEvent & MergeTrainFact);
}

function foldTask(state: TaskHistories, event: StoredEvent & TaskFact): void {
  const taskId = event.stream.slice(event.stream.indexOf('-') + 1);
  const history = state.histories.get(taskId) ?? newHistory();
  state.histories.set(taskId, history);
  const { from, to } = event.meta;
  const evidence = evidenceOf(event);
  if (to !== undefined && to !== from) push(history.states, { status: to, from: from ?? null, evidence });
  const attempt = history.attempts.at(-1);
  switch (event.type) {
    case 'TaskAssigned': {
      const { agentId, attempt: number } = event.data;
      const none = { started: null, submitted: null, failure: null, usage: null };
      push(history.attempts, { attempt: number, agentId, assigned: evidence, ...none });
      return;
    }
    case 'TaskStarted':
      if (attempt) attempt.started = evidence;
      return;
    case 'TaskProgressed':
      push(history.progress, { ...event.data, evidence });
      return;
    case 'UsageReported':
      return addUsage(history, event.data);
    case 'WorkSubmitted':
      if (attempt) attempt.submitted = { summary: event.data.summary, how: event.data.how, evidence };
      return;
    case 'TreeKept':
      push(history.turns, { ...event.data, attempt: attempt?.attempt ?? event.data.turn, evidence });
      return;
    case 'AttemptFailed':
      if (attempt) {
        const { code, reason, counts } = event.data;
        attempt.failure = { code, reason, counts, evidence };
      }
      return;
    default:
      return foldRound(history, event);
  }
}

function foldRound(history: History, event: StoredEvent & TaskFact): void {
  const evidence = evidenceOf(event);
  const attempt = history.attempts.at(-1)?.attempt ?? 0;
  switch (event.type) {
    case 'ReviewRequested': {
      const { reviewId, check, verdict, judge, mutation } = event.data;
      push(history.rounds, {
        ...{ attempt, round: null, verdict: 'under_review', code: null, words: verdict, check, files: [] },
        ...{ judge: judge ?? null, mutation: mutation ?? null, reviewId, evidence },
      });
      return;
    }
    case 'ValidationPassed': {
      const { round, check, verdict, judge, mutation } = event.data;
      return judged(history, attempt, {
        ...{ round, verdict: 'passed', code: null, words: verdict, check, files: [] },
        ...{ judge: judge ?? null, mutation: mutation ?? null, evidence },
      });
    }
    case 'ValidationFailed': {
      const { round, check, code, feedback, judge, mutation } = event.data;
      return judged(history, attempt, {
        ...{ round, verdict: 'failed', code, words: feedback, check, files: [] },
        ...{ judge: judge ?? null, mutation: mutation ?? null, evidence },
      });
    }
    case 'WorkSentBack': {
      const { code, feedback, files } = event.data;
      push(history.rounds, {
        ...{ attempt, round: null, verdict: 'sent_back', code, words: feedback, check: null, files },
        ...{ judge: null, mutation: null, reviewId: null, evidence },
      });
      return;
    }
    default:
  }
}

/** The verdict on an attempt that was under review stands in the place of the request, and keeps what was seen before. */
function judged(history: History, attempt: number, verdict: Omit<Round, 'attempt' | 'reviewId'>): void {
  const open = history.rounds.at(-1);
  const isOpen = open?.verdict === 'under_review' && open.attempt === attempt;
  if (!isOpen) return push(history.rounds, { ...verdict, attempt, reviewId: null });
  const { reviewId, check, judge, mutation } = open;
  history.rounds[history.rounds.length - 1] = {
    ...{ ...verdict, attempt, reviewId },
    ...{ check: verdict.check ?? check, judge: verdict.judge ?? judge, mutation: verdict.mutation ?? mutation },
  };
}

type Usage = Extract<TaskFact, { type: 'UsageReported' }>['data'];

/** What an agent tells late is its own attempt's; what nobody in particular tells, the last one's. */
function addUsage({ attempts }: History, used: Usage): void {
  const own = attempts.findLast(({ agentId }) => agentId !== null && agentId === used.agentId) ?? attempts.at(-1);
  if (!own) return;
  const before = own.usage ?? { inputTokens: 0, outputTokens: 0, costUsd: 0, wallMs: 0 };
  own.usage = {
    inputTokens: before.inputTokens + used.inputTokens,
    outputTokens: before.outputTokens + used.outputTokens,
    costUsd: before.costUsd + used.costUsd,
    wallMs: before.wallMs + used.wallMs,
  };
}

function foldMerge(state: TaskHistories, event: StoredEvent & MergeTrainFact): void {
  const evidence = evidenceOf(event);
  switch (event.type) {
    case 'CandidateQueued': {
      const { candidateId, taskId, commit, revert } = event.data;
      const history = taskId === null ? undefined : state.histories.get(taskId);
      if (!history || taskId === null) return;
      state.candidates.set(candidateId, taskId);
      const trainId = actorStreamOf(event.stream).slice('mergeTrain-'.length);
      push(history.merges, {
        ...{ candidateId, trainId, commit, isRevert: revert !== undefined, status: 'queued', code: null, reason: null },
        ...{ files: [], check: null, judge: null, landedAs: null, queuedAt: event.at, evidence },
      });
      return;
    }
    case 'BatchStarted':
      for (const candidateId of event.data.candidateIds) turn(state, candidateId, { status: 'merging', evidence });
      return;
    case 'MergeStarted':
      return turn(state, event.data.candidateId, { status: 'merging', evidence });
    case 'CandidateMerged':
      return turn(state, event.data.candidateId, { status: 'merged', evidence });
    case 'MergeRestarted':
    case 'MergeAbandoned': {
      const status = event.type === 'MergeRestarted' ? 'merging' : 'queued';
      return turn(state, event.data.candidateId, { status, reason: event.data.reason, evidence });
    }
    case 'BatchEnded':
      return backInLine(state, event.stream, evidence);
    case 'CandidateLanded': {
      const { candidateId, commit, check, judge, reason } = event.data;
      const said = { check, judge: judge ?? null, reason };
      return turn(state, candidateId, { status: 'landed', landedAs: commit, ...said, evidence });
    }
    case 'CandidateRefused': {
      const { candidateId, code, reason, files, check, judge } = event.data;
      return turn(state, candidateId, {
        status: 'refused',
        code,
        reason,
        files,
        check,
        judge: judge ?? null,
        evidence,
      });
    }
    case 'RevertHandedOver':
      return turn(state, event.data.candidateId, { status: 'handed_over', files: event.data.files, evidence });
    case 'CandidateWithdrawn':
      return turn(state, event.data.candidateId, { status: 'withdrawn', reason: event.data.reason, evidence });
    default:
  }
}

function mergesOf(state: TaskHistories, candidateId: string): Merge[] {
  return state.histories.get(state.candidates.get(candidateId) ?? '')?.merges ?? [];
}

function turn(state: TaskHistories, candidateId: string, now: Partial<Merge>): void {
  const merge = mergesOf(state, candidateId).findLast((one) => one.candidateId === candidateId);
  if (merge) Object.assign(merge, now);
}

/** Who was of the batch and has not come to an end waits again. */
function backInLine(state: TaskHistories, stream: string, evidence: Merge['evidence']): void {
  const trainId = actorStreamOf(stream).slice('mergeTrain-'.length);
  for (const candidateId of state.candidates.keys())
    for (const merge of mergesOf(state, candidateId))
      if (merge.trainId === trainId && (merge.status === 'merging' || merge.status === 'merged'))
        Object.assign(merge, { status: 'queued', evidence });
}

function push<T>(list: T[], one: T): void {
  list.push(one);
  if (list.length > KEPT_MAX) list.shift();
}
