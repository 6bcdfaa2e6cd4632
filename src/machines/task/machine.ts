import type { Letter } from '../correspondence.ts';
import { type Chart, stays } from '../define-actor.ts';
import type { CheckSummary } from '../workflow/check-summary.ts';
import type {
  CriterionAnswer,
  JudgeRecord,
  KeptTreeRecord,
  MutationSummary,
  TaskFact,
  TaskSpec,
  Wait,
} from './events.ts';

export interface Task {
  spec: TaskSpec;
  /** 0 before the first; counts over restarts. */
  attempt: number;
  agentId: string | null;
  /** Attempts that failed and counted, since the creation or the last restart. */
  failures: number;
  /** Verdicts that sent the work back, since the creation or the last restart. */
  rounds: number;
  restarts: number;
  boosted: boolean;
  waits: Wait[];
  /** What people want its next agent to know: the newest, oldest first. */
  messages?: { text: string; by: string; at: number }[];
  /** Not to be assigned before this moment. */
  notBefore: number;
  submitted: { summary: string; outputs: Record<string, unknown>; how: 'reported' | 'exited' | 'server' } | null;
  tree: KeptTreeRecord | null;
  check: CheckSummary | null;
  /** What of its own judge the work touches, with both verdicts; absent when it touches nothing. */
  judge?: JudgeRecord;
  /** The review that the work waits for, with what the checks said before it. */
  review?: {
    reviewId: string;
    check: CheckSummary | null;
    verdict: string;
    judge?: JudgeRecord;
    mutation?: MutationSummary;
  };
  /** Of a task that reviews: what it came to. */
  given?: { verdict: 'pass' | 'fail'; feedback: string; evidence: string };
  /** Of a task that reviews a result: its answers. */
  validated?: { criteria: CriterionAnswer[]; feedback: string };
  /** What the last verdict said; the next attempt’s prompt carries it. */
  feedback: string | null;
  /** Every verdict that sent the work back since the creation or the last restart, with what it was about. */
  correspondence: Letter[];
  /** Failing tests at each verdict that sent the work back and counted them, since the creation or the last restart. */
  failing: number[];
  /** The last attempt whose agent has spoken after it was told the feedback. */
  acknowledged?: number;
  /** The first attempt that worked in the worktree that stands now; null: there is none. */
  worktreeSince: number | null;
  progress: { message: string; fraction: number | null; at: number } | null;
  usage: { inputTokens: number; outputTokens: number; costUsd: number; wallMs: number };
  reason: string | null;
  code: string | null;
  merged: string | null;
  createdAt: number;
  /** When the current state was entered. */
  since: number;
}

const MESSAGES_KEPT_MAX = 10;
const cancels = { TaskCancelled: 'cancelled', TaskDuplicated: 'duplicated' };
/** What may still come of a task that has ended. */
const late = ['UsageReported', 'WorktreeRemoved'];
const said = (state: string) => stays(state, 'TaskProgressed', 'UsageReported', 'MessageLeft');
const waits = (state: string) => stays(state, 'TaskBoosted', 'TaskPrioritySet', 'UsageReported', 'MessageLeft');
const works = (state: string) => ({ ...said(state), ...stays(state, 'FeedbackAcknowledged') });

/**
 *   pending → blocked ⇄ queued → assigned → in_progress → blocked_on_validation → merging → done
 *                         ↑ ______ AttemptFailed ______|              |              |
 *                         ↑ ___ needs_work ← __ ValidationFailed, WorkSentBack ______|
 */
export const taskChart: Chart = {
  initial: 'absent',
  states: {
    absent: { on: { TaskCreated: 'pending' } },
    pending: {
      on: {
        TaskBlocked: 'blocked',
        TaskQueued: 'queued',
        ...waits('pending'),
        ...cancels,
        TaskFailed: 'failed',
      },
    },
    blocked: {
      on: {
        ...stays('blocked', 'TaskBlocked'),
        ...waits('blocked'),
        TaskQueued: 'queued',
        ...cancels,
        TaskFailed: 'failed',
      },
    },
    queued: {
      on: {
        TaskBlocked: 'blocked',
        TaskAssigned: 'assigned',
        // An agent whose attempt has failed may still tell what it used.
        ...waits('queued'),
        ...cancels,
        TaskFailed: 'failed',
      },
    },
    assigned: {
      on: {
        TaskStarted: 'in_progress',
        AttemptFailed: 'queued',
        TaskFailed: 'failed',
        ...works('assigned'),
        ...cancels,
      },
    },
    in_progress: {
      on: {
        ...works('in_progress'),
        WorkSubmitted: 'blocked_on_validation',
        ...stays('in_progress', 'ReviewGiven', 'ResultValidationGiven'),
        TaskCompleted: 'done',
        AttemptFailed: 'queued',
        TaskFailed: 'failed',
        ...cancels,
      },
    },
    blocked_on_validation: {
      on: {
        ...said('blocked_on_validation'),
        ...stays('blocked_on_validation', 'TreeKept', 'ReviewRequested'),
        ValidationPassed: 'merging',
        ValidationFailed: 'needs_work',
        AttemptFailed: 'queued',
        TaskFailed: 'failed',
        ...cancels,
      },
    },
    needs_work: {
      on: { ...stays('needs_work', 'MessageLeft'), TaskQueued: 'queued', TaskFailed: 'failed', ...cancels },
    },
    merging: {
      on: {
        ...stays('merging', 'UsageReported', 'MessageLeft'),
        TaskMerged: 'done',
        TaskCompleted: 'done',
        WorkSentBack: 'needs_work',
        TaskFailed: 'failed',
        ...cancels,
      },
    },
    done: { on: { TaskRestarted: 'pending', ...stays('done', ...late) } },
    failed: { on: { TaskRestarted: 'pending', ...stays('failed', 'MessageLeft', ...late) } },
    cancelled: { on: stays('cancelled', ...late) },
    duplicated: { on: stays('duplicated', ...late) },
  },
};

const NO_SPEC: TaskSpec = {
  taskId: '',
  workflowId: '',
  repositoryId: '',
  phase: '',
  phaseIndex: 0,
  role: '',
  title: '',
  description: '',
  inputs: {},
  priority: 'medium',
  agent: null,
  check: null,
  checks: 'none',
  changes: 'none',
  allowedTools: [],
  attemptsMax: 1,
  roundsMax: 1,
  backoffMs: 0,
  parentTaskId: null,
  createdBy: '',
};

const NONE: Task = {
  spec: NO_SPEC,
  attempt: 0,
  agentId: null,
  failures: 0,
  rounds: 0,
  restarts: 0,
  boosted: false,
  waits: [],
  notBefore: 0,
  submitted: null,
  tree: null,
  check: null,
  feedback: null,
  correspondence: [],
  failing: [],
  worktreeSince: null,
  progress: null,
  usage: { inputTokens: 0, outputTokens: 0, costUsd: 0, wallMs: 0 },
  reason: null,
  code: null,
  merged: null,
  createdAt: 0,
  since: 0,
};
export const noTask = (): Task => NONE;

export function evolveTask(task: Task, fact: TaskFact, at: number): Task {
  switch (fact.type) {
    case 'TaskCreated':
      return { ...NONE, spec: fact.data, createdAt: at, since: at };
    case 'TaskBlocked':
      return { ...task, waits: fact.data.reasons, since: at };
    case 'TaskQueued':
      return { ...task, waits: [], since: at };
    case 'TaskPrioritySet':
      return { ...task, spec: { ...task.spec, priority: fact.data.priority } };
    case 'MessageLeft':
      return { ...task, messages: [...(task.messages ?? []), { ...fact.data, at }].slice(-MESSAGES_KEPT_MAX) };
    case 'TaskBoosted':
      return { ...task, boosted: true };
    case 'TaskAssigned': {
      const { review: _over, ...rest } = task;
      return {
        ...rest,
        ...fact.data,
        waits: [],
        submitted: null,
        tree: null,
        check: null,
        progress: null,
        worktreeSince: task.worktreeSince ?? (fact.data.agentId === null ? null : fact.data.attempt),
        since: at,
      };
    }
    case 'TaskStarted':
      return { ...task, since: at };
    case 'FeedbackAcknowledged':
      return { ...task, acknowledged: fact.data.attempt, correspondence: acknowledged(task.correspondence) };
    case 'TaskProgressed':
      return { ...task, progress: { ...fact.data, at } };
    case 'UsageReported':
      return { ...task, usage: added(task.usage, fact.data) };
    case 'WorkSubmitted':
      return {
        ...task,
        submitted: { summary: fact.data.summary, outputs: fact.data.outputs, how: fact.data.how },
        since: at,
      };
    case 'TreeKept':
      return { ...task, tree: fact.data };
    case 'ReviewRequested':
      return { ...task, review: fact.data };
    case 'ReviewGiven': {
      const { by: _by, ...given } = fact.data;
      return { ...task, given };
    }
    case 'ResultValidationGiven': {
      const { by: _by, ...validated } = fact.data;
      return { ...task, validated };
    }
    case 'ValidationPassed':
      return { ...judgedBy(task, fact.data.judge), check: fact.data.check, feedback: null, since: at };
    case 'ValidationFailed':
      return {
        ...judgedBy(task, fact.data.judge),
        check: fact.data.check,
        feedback: fact.data.feedback,
        correspondence: [...task.correspondence, letterOf(task, fact.data)],
        failing: [...task.failing, ...failedIn(fact.data.check)],
        rounds: task.rounds + 1,
        code: fact.data.code,
        since: at,
      };
    case 'WorkSentBack':
      return {
        ...task,
        feedback: fact.data.feedback,
        correspondence: [...task.correspondence, letterOf(task, fact.data)],
        rounds: task.rounds + 1,
        code: fact.data.code,
        since: at,
      };
    case 'AttemptFailed':
      return {
        ...task,
        failures: task.failures + (fact.data.counts ? 1 : 0),
        notBefore: fact.data.notBefore,
        reason: fact.data.reason,
        code: fact.data.code,
        since: at,
      };
    case 'TaskMerged':
      return { ...task, merged: fact.data.commit, reason: null, code: null, since: at };
    case 'TaskCompleted':
      return { ...task, reason: null, code: null, since: at };
    case 'TaskFailed':
      return { ...task, reason: fact.data.reason, code: fact.data.code, since: at };
    case 'TaskCancelled':
      return { ...task, reason: fact.data.reason, code: 'cancelled', since: at };
    case 'TaskDuplicated':
      return { ...task, reason: `the same as ${fact.data.of}`, code: 'duplicated', since: at };
    case 'WorktreeRemoved':
      return { ...task, worktreeSince: null };
    case 'TaskRestarted':
      return {
        ...task,
        failures: 0,
        rounds: 0,
        restarts: task.restarts + 1,
        correspondence: [],
        failing: [],
        waits: [],
        notBefore: 0,
        merged: null,
        reason: null,
        code: null,
        since: at,
      };
  }
}

/** What a verdict answers to, and what it says. */
export function letterOf(task: Task, verdict: { code: string; feedback: string }): Letter {
  const { rounds, attempt, agentId, submitted, tree } = task;
  const { code, feedback } = verdict;
  return {
    ...{ round: rounds + 1, attempt, by: agentId, submitted: submitted?.summary ?? '', commit: tree?.commit ?? null },
    ...{ code, feedback, acknowledged: false },
  };
}

function failedIn(check: CheckSummary | null): number[] {
  return typeof check?.failed === 'number' ? [check.failed] : [];
}

function acknowledged(letters: Letter[]): Letter[] {
  const last = letters.at(-1);
  return last ? [...letters.slice(0, -1), { ...last, acknowledged: true }] : letters;
}

function judgedBy({ judge: _before, ...task }: Task, judge: JudgeRecord | undefined): Task {
  return judge ? { ...task, judge } : task;
}

function added(usage: Task['usage'], more: Task['usage']): Task['usage'] {
  return {
    inputTokens: usage.inputTokens + more.inputTokens,
    outputTokens: usage.outputTokens + more.outputTokens,
    costUsd: usage.costUsd + more.costUsd,
    wallMs: usage.wallMs + more.wallMs,
  };
}
