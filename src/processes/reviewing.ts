import { deriveId } from '../kernel/ids.ts';
import {
  isServersOwn,
  type JudgeRecord,
  type KeptTreeRecord,
  type MutationSummary,
  type Task,
  type TaskSpec,
} from '../machines/task/index.ts';
import type { CheckSummary, Phase, Workflow } from '../machines/workflow/index.ts';
import { lastWord, wholeStory } from './correspondence.ts';
import { type Hands, type Obligation, settled } from './define-process.ts';
import { type Entity, isEndedTask } from './entity.ts';
import { isAwaited } from './results.ts';
import type { World } from './world.ts';

/**
 * A second pair of eyes. Work that passed its checks may be judged by another agent too: a task of its own, with its own
 * identity and a fresh worktree at the commit, that may read and give a verdict and nothing else. Its attempts are
 * bounded as every task's are; a review that ends without a verdict is no consent, so the work then fails.
 *
 *   work:    blocked_on_validation ── ReviewRequested ──────────────────────► ValidationPassed / ValidationFailed
 *   review:                               └─ queued → in_progress ─ ReviewGiven ─┘
 */
const REVIEWER_TOOLS = ['give_validation_review'];

interface Passed {
  tree?: KeptTreeRecord;
  judge?: JudgeRecord;
  mutation?: MutationSummary;
  check: CheckSummary | null;
  verdict: string;
}

/** Asks for the review that the task's phase wants; null when it wants none. The server's own tasks are judged by the check alone. */
export function askForReview(task: Entity<Task>, workflow: Workflow, passed: Passed, hands: Hands) {
  const { spec, attempt } = task.context;
  // Of several candidates only the one that wins is reviewed, as its parent's work.
  if (isServersOwn(spec) || spec.candidate || !phaseOf(spec, workflow)?.review) return null;
  const reviewId = deriveId('tsk', [task.id, String(attempt), 'review'], task.id);
  return settled(hands.send('request_review', { taskId: task.id, attempt, reviewId, ...passed }));
}

/** What work owes that waits for its review: the reviewer's task, and then what its verdict means. */
export function awaitReview(
  task: Entity<Task>,
  workflow: Workflow,
  world: World,
  giveUp: Obligation['giveUp'],
): Obligation[] {
  const { attempt, review } = task.context;
  if (!review) return [];
  const { reviewId, ...passed } = review;
  const reviewer = world.tasks.get(reviewId);
  const owed = (key: string, act: Obligation['act']): Obligation[] => [
    { key: `${key}:${reviewId}`, light: true, act, ...(giveUp && { giveUp }) },
  ];
  if (!reviewer) {
    const spec = specOf(task, workflow, world);
    return owed('review', async ({ send }) => void (await settled(send('create_review', { ...spec }))));
  }
  if (!isEndedTask(reviewer)) return [];
  return owed('reviewed', async ({ send, blobs }) => {
    const { given, reason } = reviewer.context;
    const about = { taskId: task.id, attempt };
    if (!given) {
      const why = `No reviewer gave a verdict, and the phase asks for one. ${reason ?? `The review is ${reviewer.value}.`}`;
      const correspondence = await wholeStory(task.context, { code: 'review_missing', feedback: why }, blobs);
      await settled(send('fail_task', { taskId: task.id, code: 'review_missing', reason: why, correspondence }));
    } else if (given.verdict === 'pass') {
      const verdict = `${passed.verdict} Reviewed: ${given.feedback || given.evidence}`;
      await settled(send('pass_validation', { ...about, ...passed, verdict }));
    } else {
      const { verdict: _checks, ...rest } = passed;
      const feedback = `A reviewer (${reviewId}) does not accept the work.\n\n${given.feedback}\n\nEvidence:\n${given.evidence}`;
      const refusal = { code: 'review_failed', feedback };
      const last = await lastWord(task.context, refusal, blobs);
      await settled(send('fail_validation', { ...about, ...rest, ...refusal, ...last }));
    }
  });
}

/** A review that nobody waits for any more. */
export function closeReview(review: Entity<Task>, world: World): Obligation[] {
  const work = world.tasks.get(review.context.spec.review?.taskId ?? '');
  const ofWork = work?.value === 'blocked_on_validation' && work.context.review?.reviewId === review.id;
  const awaited = review.context.spec.review?.submission === undefined ? ofWork : isAwaited(review, world);
  if (isEndedTask(review) || awaited) return [];
  const reason = 'What it was to review is not waiting for a verdict any more.';
  return [
    {
      key: `close:${review.id}`,
      light: true,
      act: async ({ send }) => void (await settled(send('cancel_task', { taskId: review.id, reason }))),
    },
  ];
}

function phaseOf(spec: TaskSpec, { definition }: Workflow): Phase | undefined {
  return definition.phases.find((phase) => phase.name === spec.phase);
}

function specOf(task: Entity<Task>, workflow: Workflow, { settings: { limits } }: World): TaskSpec {
  const { spec, attempt, tree, submitted, review } = task.context;
  const wanted = phaseOf(spec, workflow)?.review?.agent ?? 'default';
  const commit = tree?.commit ?? tree?.base ?? workflow.repository.baseCommit;
  const { phaseRuns: _queuedAlready, candidates: _ended, ...inherited } = spec;
  return {
    ...inherited,
    taskId: review?.reviewId ?? '',
    role: 'evaluator',
    title: `Review: ${spec.title}`.slice(0, 300),
    inputs: {
      inputsOfTheTask: spec.inputs,
      summaryOfTheAgent: submitted?.summary ?? '',
      base: tree?.base ?? commit,
      commit,
      files: tree?.files.map(({ path }) => path) ?? [],
      verdictOfTheChecks: review?.verdict ?? '',
    },
    agent: wanted === 'default' ? workflow.agent : wanted,
    checks: 'none',
    changes: 'none',
    allowedTools: REVIEWER_TOOLS,
    attemptsMax: limits.attemptsMax,
    roundsMax: 1,
    backoffMs: limits.backoffMs,
    parentTaskId: task.id,
    createdBy: 'process:validation',
    review: { taskId: task.id, attempt, commit },
  };
}
