import type { CheckRunFact } from '../../machines/check-run/index.ts';
import type { MergeTrainFact } from '../../machines/merge-train/index.ts';
import type { JudgeRecord, TaskFact } from '../../machines/task/index.ts';
import type { CheckSummary, WorkflowFact } from '../../machines/workflow/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { evidenceOf } from '../evidence.ts';
import type { CheckKind, CheckRow, ChecksState, CheckVerdict } from './state.ts';

const JUDGES_LISTED_MAX = 20;

/** The newest `rowsMax` stay. */
export function foldChecks(state: ChecksState, event: StoredEvent, rowsMax: number): void {
  const fact = event as StoredEvent & (CheckRunFact | MergeTrainFact | TaskFact | WorkflowFact);
  const said = whatIsSaid(state, fact);
  if (said === null) return;
  const before = state.rows.get(said.key);
  if (before) count(state, before, -1);
  count(state, said, 1);
  // What was said last stands last.
  state.rows.delete(said.key);
  state.rows.set(said.key, said);
  const oldest = state.rows.size > rowsMax ? state.rows.keys().next().value : undefined;
  if (oldest !== undefined) state.rows.delete(oldest);
}

function count(state: ChecksState, { kind, verdict }: CheckRow, by: 1 | -1): void {
  const key = `${kind} ${verdict}`;
  state.counts[key] = (state.counts[key] ?? 0) + by;
  if (state.counts[key] === 0) delete state.counts[key];
}

type Known = StoredEvent & (CheckRunFact | MergeTrainFact | TaskFact | WorkflowFact);

function whatIsSaid(state: ChecksState, fact: Known): CheckRow | null {
  const id = fact.stream.slice(fact.stream.indexOf('-') + 1);
  switch (fact.type) {
    case 'TaskCreated':
      state.tasks.set(id, { title: fact.data.title, attempt: 0 });
      return null;
    case 'TaskAssigned': {
      const task = state.tasks.get(id);
      if (task) task.attempt = fact.data.attempt;
      return null;
    }
    case 'TaskCompleted':
    case 'TaskMerged':
    case 'TaskFailed':
    case 'TaskCancelled':
    case 'TaskDuplicated':
      state.tasks.delete(id);
      return null;
    case 'BaselineRecorded':
      return row(fact, `baseline/${id}`, 'baseline', passes(fact.data.check), { summary: fact.data.check });
    case 'ReviewRequested':
    case 'ValidationPassed':
    case 'ValidationFailed':
      return gate(state, fact, id);
    case 'CandidateLanded':
    case 'CandidateRefused':
    case 'BatchChecked':
      return merge(state, fact);
    case 'ResultAccepted':
    case 'ResultRejected':
      return result(fact, id);
    case 'CheckRunPlanned':
    case 'CheckRunStarted':
    case 'CheckRunPassed':
    case 'CheckRunFailed':
    case 'CheckRunSkipped':
    case 'CheckRunCancelled':
      return ofRun(state, fact, id);
    default:
      return null;
  }
}

const passes = (check: CheckSummary | null): CheckVerdict => (check?.status === 'passed' ? 'passed' : 'failed');

function row(
  event: StoredEvent,
  key: string,
  kind: CheckKind,
  verdict: CheckVerdict,
  said: Partial<CheckRow>,
): CheckRow {
  const { repositoryId = null, workflowId = null, taskId = null } = event.meta.scope ?? {};
  const { summary = null } = said;
  return {
    ...{
      key,
      kind,
      verdict,
      evidence: evidenceOf(event),
      repositoryId,
      workflowId,
      taskId,
      title: null,
      attempt: null,
    },
    ...{ commit: summary?.commit ?? null, folder: null, clean: null, words: '', code: null, summary, judge: null },
    ...{ durationMs: summary?.durationMs ?? null, savedMs: summary?.cache?.savedMs ?? null, checks: null, fixes: [] },
    ...said,
  };
}

type Gate = Extract<Known, { type: 'ReviewRequested' | 'ValidationPassed' | 'ValidationFailed' }>;

/** A verdict without a check is none of the checks' business. */
function gate(state: ChecksState, fact: Gate, taskId: string): CheckRow | null {
  const task = state.tasks.get(taskId);
  const attempt = task?.attempt ?? null;
  // A request for a review and the verdict after it are about the same work.
  const key = `gate/${taskId}/${attempt ?? fact.position}`;
  const before = state.rows.get(key);
  const summary = fact.data.check ?? before?.summary ?? null;
  if (summary === null) return null;
  const judge = judgeOf(fact.data.judge) ?? before?.judge ?? null;
  const common = { summary, judge, attempt, title: task?.title ?? null };
  switch (fact.type) {
    case 'ReviewRequested':
      return row(fact, key, 'gate', 'under_review', { ...common, words: fact.data.verdict });
    case 'ValidationPassed':
      return row(fact, key, 'gate', 'passed', { ...common, words: fact.data.verdict });
    case 'ValidationFailed':
      return row(fact, key, 'gate', 'failed', { ...common, words: fact.data.feedback, code: fact.data.code });
  }
}

function judgeOf(judge: JudgeRecord | undefined): CheckRow['judge'] {
  if (!judge) return null;
  const touched = judge.touched.map(({ path }) => path).slice(0, JUDGES_LISTED_MAX);
  return { own: judge.own.pass, original: judge.original?.pass ?? null, touched };
}

type Merged = Extract<Known, { type: 'CandidateLanded' | 'CandidateRefused' | 'BatchChecked' }>;

function merge(state: ChecksState, fact: Merged): CheckRow | null {
  const { check: summary } = fact.data;
  if (summary === null) return null;
  const judge = judgeOf(fact.data.judge);
  if (fact.type === 'BatchChecked') {
    const { count: many, pass, again } = fact.data;
    const words = `The first ${many} of a batch${again ? ', asked again' : ''}.`;
    const verdict = pass ? 'passed' : 'failed';
    return row(fact, `batch/${fact.position}`, 'batch', verdict, { summary, judge, words, taskId: null });
  }
  const { candidateId } = fact.data;
  const title = state.tasks.get(fact.meta.scope?.taskId ?? '')?.title ?? null;
  const key = `merge/${candidateId}`;
  if (fact.type === 'CandidateRefused') {
    const { code, reason: words } = fact.data;
    return row(fact, key, 'merge', 'failed', { summary, judge, title, code, words });
  }
  const words = fact.data.flaky ? 'It was red once, and green when it was asked again.' : '';
  return row(fact, key, 'merge', 'passed', { summary, judge, title, words });
}

type Judged = Extract<Known, { type: 'ResultAccepted' | 'ResultRejected' }>;

function result(fact: Judged, workflowId: string): CheckRow | null {
  const { check: summary, submission, commit } = fact.data;
  if (summary === null) return null;
  const key = `result/${workflowId}/${submission}`;
  if (fact.type === 'ResultAccepted') return row(fact, key, 'result', 'passed', { summary, commit });
  const { code, feedback: words } = fact.data;
  return row(fact, key, 'result', 'failed', { summary, commit, code, words });
}

const ENDS = {
  CheckRunPassed: 'passed',
  CheckRunFailed: 'failed',
  CheckRunSkipped: 'skipped',
  CheckRunCancelled: 'cancelled',
} as const;

type Run = Extract<Known, { type: `CheckRun${string}` }>;

function ofRun(state: ChecksState, fact: Run, id: string): CheckRow | null {
  const key = `run/${id}`;
  const before = state.rows.get(key);
  switch (fact.type) {
    case 'CheckRunPlanned': {
      const { folder, source } = fact.data;
      return row(fact, key, 'run', 'running', { folder, words: source });
    }
    case 'CheckRunStarted':
      return before ? { ...before, commit: fact.data.head, clean: fact.data.clean, evidence: evidenceOf(fact) } : null;
    default: {
      const { durationMs, savedMs, fixes } = fact.data;
      const checks = fact.data.checks.map(
        ({ name, status, cached, why, durationMs: ms, attempts, exitCode, tests, tail }) => ({
          ...{ name, status, cached, why, durationMs: ms, attempts, exitCode },
          tests: tests && { passed: tests.passed, failed: tests.failed, skipped: tests.skipped },
          tail: status === 'passed' || status === 'skipped' ? '' : tail,
        }),
      );
      const known = before ?? row(fact, key, 'run', 'running', {});
      return { ...known, verdict: ENDS[fact.type], evidence: evidenceOf(fact), durationMs, savedMs, checks, fixes };
    }
  }
}
