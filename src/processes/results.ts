import { deriveId } from '../kernel/ids.ts';
import type { KeptTreeRecord, Task, TaskSpec } from '../machines/task/index.ts';
import {
  type CheckSummary,
  criteriaOf,
  type CriterionVerdict,
  resultPolicy,
  type RunResult,
  type Workflow,
} from '../machines/workflow/index.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import { type Entity, isEndedTask } from './entity.ts';
import { failOnGiveUp } from './fail-workflow.ts';
import type { Verdict } from './judge.ts';
import { judgeWork } from './judging.ts';
import { lastVerified } from './verified.ts';
import type { World } from './world.ts';

/**
 * May the run's result be believed? The repository's checks prove the criteria that they can prove, on the commit that was
 * submitted; where the template says so, another agent then answers every criterion, in a task of its own that may do
 * nothing else. No answer is no consent.
 */
export const results: Process = {
  name: 'results',
  concurrency: (world) => world.settings.limits.checksAtOnce,
  obligations(entity, world) {
    if (entity.kind !== 'workflow' || entity.value !== 'active') return [];
    const workflow = entity as Entity<Workflow>;
    const result = workflow.context.results.at(-1);
    if (result?.status === 'submitted') return [judgeResult(workflow, result, world)];
    return result?.status === 'in_review' ? awaitAnswers(workflow, result, world) : [];
  },
};

const REVIEWER_TOOLS = ['submit_result_validation'];
const FEEDBACK_MAX = 60_000;

function judgeResult(workflow: Entity<Workflow>, result: RunResult, world: World): Obligation {
  const { context } = workflow;
  return {
    key: `judge:${workflow.id}:${result.submission}`,
    ...failOnGiveUp(workflow, 'The result could not be judged'),
    async act(hands) {
      const { check, criteria, failed } = await byChecks(workflow, result, world, hands);
      const said = { workflowId: workflow.id, submission: result.submission, check, criteria };
      if (failed) {
        const feedback = `${listed(criteria, 'fail')}\n\n${failed.text}`.slice(0, FEEDBACK_MAX);
        await settled(hands.send('reject_result', { ...said, code: failed.code, feedback }));
      } else if (resultPolicy(context.definition).review) {
        const reviewId = deriveId('tsk', [workflow.id, String(result.submission), 'result'], workflow.id);
        await settled(hands.send('request_result_review', { ...said, reviewId }));
      } else await settled(hands.send('accept_result', said));
    },
  };
}

interface ByChecks {
  check: CheckSummary | null;
  criteria: CriterionVerdict[];
  /** The first verdict that is against it. */
  failed: Verdict | null;
}

/** What the repository's checks can say; of everything else that nobody has judged it. */
async function byChecks(
  workflow: Entity<Workflow>,
  { commit }: RunResult,
  world: World,
  hands: Hands,
): Promise<ByChecks> {
  const { context } = workflow;
  const { baseCommit } = context.repository;
  const tree: KeptTreeRecord = {
    ...{ turn: 1, base: baseCommit, commit, tree: commit, ref: null, files: [], filesMore: 0 },
  };
  // Where the last phase has judged this very commit, its check is the answer, and is not run again.
  const verified = lastVerified(workflow, world);
  const key =
    verified?.commit === commit ? ['task', verified.taskId, String(verified.attempt), commit] : ['result', commit];
  const out: ByChecks = { check: null, criteria: [], failed: null };
  for (const { text, proved_by } of criteriaOf(context.definition)) {
    if (!proved_by) {
      out.criteria.push({ criterion: text, verdict: 'not_judged', evidence: 'No check proves it.' });
      continue;
    }
    const checks = proved_by === 'checks' ? ('all' as const) : ('own_failures' as const);
    const spec = { checks, inputs: {}, agent: null, phase: '' };
    const { verdict, check } = await judgeWork({ spec, tree, key }, context, hands);
    out.check = check;
    if (!verdict.pass) out.failed ??= verdict;
    const evidence = (verdict.text.split('\n\n')[0] ?? '').slice(0, 1000);
    out.criteria.push({ criterion: text, verdict: verdict.pass ? 'pass' : 'fail', evidence });
  }
  return out;
}

/** The reviewer's task, and then what its answers mean. */
function awaitAnswers(workflow: Entity<Workflow>, result: RunResult, world: World): Obligation[] {
  const { reviewId } = result as { reviewId: string };
  const reviewer = world.tasks.get(reviewId);
  const owed = (key: string, act: Obligation['act']): Obligation[] => [
    { key: `${key}:${reviewId}`, light: true, act, ...failOnGiveUp(workflow, 'The result could not be judged') },
  ];
  if (!reviewer) {
    const spec = reviewOf(workflow.context, result, world);
    return owed('review', async ({ send }) => void (await settled(send('create_review', { ...spec }))));
  }
  if (!isEndedTask(reviewer)) return [];
  return owed('answered', async ({ send }) => {
    const { validated, reason } = reviewer.context;
    const { submission, check } = result;
    const said = { workflowId: workflow.id, submission, check };
    if (!validated) {
      const feedback = `No reviewer answered the criteria, and the template asks for one. ${reason ?? `The review is ${reviewer.value}.`}`;
      await settled(send('reject_result', { ...said, criteria: result.criteria, code: 'review_missing', feedback }));
      return;
    }
    const criteria = result.criteria.map((one, at) => answeredBy(one, validated.criteria, at + 1));
    if (criteria.every(({ verdict }) => verdict === 'pass')) {
      await settled(send('accept_result', { ...said, criteria }));
      return;
    }
    const words = [
      `A reviewer (${reviewId}) does not accept the result.`,
      listed(criteria, 'fail'),
      validated.feedback,
    ];
    const feedback = words.filter(Boolean).join('\n\n').slice(0, FEEDBACK_MAX);
    await settled(send('reject_result', { ...said, criteria, code: 'criteria_not_met', feedback }));
  });
}

/** The reviewer's word decides; what the checks had proved stays beside it. */
function answeredBy(
  one: CriterionVerdict,
  answers: NonNullable<Task['validated']>['criteria'],
  number: number,
): CriterionVerdict {
  const answer = answers.find(({ criterion }) => criterion === number);
  if (!answer) return one;
  const proved = one.verdict === 'pass' ? `${one.evidence} Reviewer: ` : '';
  return { criterion: one.criterion, verdict: answer.verdict, evidence: `${proved}${answer.evidence}` };
}

function listed(criteria: readonly CriterionVerdict[], wanted: CriterionVerdict['verdict']): string {
  return criteria
    .filter(({ verdict }) => verdict === wanted)
    .map(({ criterion, evidence }) => `- ${criterion}: ${evidence}`)
    .join('\n');
}

function reviewOf(workflow: Workflow, result: RunResult, { settings: { limits } }: World): TaskSpec {
  const { definition, repository } = workflow;
  const { submission, commit, summary, outputs, by, taskId, check, criteria } = result;
  const phaseIndex = definition.phases.length - 1;
  const wanted = definition.result.review?.agent ?? 'default';
  return {
    ...{ taskId: result.reviewId ?? '', workflowId: workflow.workflowId, repositoryId: repository.repositoryId },
    ...{ phase: definition.phases[phaseIndex]?.name ?? '', phaseIndex, role: 'evaluator' },
    title: submission > 1 ? `Review the result, submission ${submission}` : 'Review the result',
    description: '',
    inputs: {
      ...{ base: repository.baseCommit, commit, submittedBy: by, summary, outputs },
      verdictOfTheChecks: check && { command: check.command, status: check.status, passed: check.passed },
      ...{ provedByChecks: criteria.filter(({ verdict }) => verdict === 'pass').map(({ criterion }) => criterion) },
    },
    priority: 'high',
    agent: wanted === 'default' ? workflow.agent : wanted,
    check: workflow.check,
    ...{ checks: 'none', changes: 'none' },
    allowedTools: REVIEWER_TOOLS,
    ...{ attemptsMax: limits.attemptsMax, roundsMax: 1, backoffMs: limits.backoffMs },
    parentTaskId: taskId,
    createdBy: 'process:results',
    review: { taskId: null, attempt: 1, commit, submission, criteria: criteria.map(({ criterion }) => criterion) },
  };
}

/** Whether somebody still waits for what this review says. */
export function isAwaited({ id, context }: Entity<Task>, world: World): boolean {
  const workflow = world.workflows.get(context.spec.workflowId);
  const result = workflow?.context.results.at(-1);
  const open = workflow?.value === 'active' || workflow?.value === 'paused';
  return open && result?.status === 'in_review' && result.reviewId === id;
}
