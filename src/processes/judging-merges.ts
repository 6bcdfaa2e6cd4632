import type { Candidate, CurrentMerge } from '../machines/merge-train/index.ts';
import type { CheckSummary, Workflow } from '../machines/workflow/index.ts';
import type { CheckResult, TestOutcome } from '../runtime/runner.ts';
import { readTests, runCheck } from './checking.ts';
import type { Hands } from './define-process.ts';
import { judge, ownFailures, type Question, type Verdict } from './judge.ts';
import { type Judged, judgeByBoth, testsAreTheWork, type VerdictOn } from './judging.ts';
import { outcomesOf } from './outcomes.ts';
import type { World } from './world.ts';

/** What a merged tree is judged by. */
export interface MergeVerdict extends Omit<Judged, 'check'> {
  /** Null where the repository has no check: the merge alone decides then. */
  check: CheckSummary | null;
}

/**
 * May the first `count` land together? Each of them asks its own question of the one check of all; the last of them
 * answers first, since it is the one that is found at fault. Each `look` is a run of the check of its own.
 */
export async function judgeMerges(
  current: CurrentMerge,
  count: number,
  look: number,
  workflow: Workflow,
  hands: Hands,
): Promise<MergeVerdict> {
  if (workflow.check === null)
    return { verdict: { pass: true, code: 'passed', text: 'There is no check.' }, check: null };
  const members = current.members.slice(0, count);
  const { candidate, merged } = members.at(-1) as CurrentMerge['members'][number];
  const { commit, tree } = merged as NonNullable<typeof merged>;
  const key = ['tree', tree, ...(look > 1 ? [`look ${look}`] : [])];
  const baseline = await readTests(hands.blobs, workflow.baseline);
  if (candidate.revert) {
    const { result, summary } = await runCheck(hands, workflow, commit, key);
    return { verdict: judgeRevert(workflow.baseline, baseline, result), check: summary };
  }
  const questions = await Promise.all(members.map((member) => questionOf(member.candidate, hands)));
  const verdictOn: VerdictOn = async (at, under, cache) => {
    const { result, summary } = await runCheck(hands, workflow, at, [...under, ...key], { cache });
    return { verdict: together(questions, result), check: summary };
  };
  const testsMayGo = testsMayGoBy(candidate, hands.world);
  const change = { base: judgedFrom(current), commit, testsMayGo, cache: look > 1 ? 'none' : 'use' } as const;
  return judgeByBoth(change, verdictOn, workflow, hands);
}

/** The last tree that is known to pass: what judges is taken from there. */
function judgedFrom({ members, passed }: CurrentMerge): string {
  const tip = members[0]?.merged?.onto ?? '';
  return members[passed - 1]?.merged?.commit ?? tip;
}

async function questionOf(candidate: Candidate, { world, blobs }: Hands): Promise<Question> {
  const { taskId, workflowId } = candidate;
  const baseline = await readTests(blobs, world.workflows.get(workflowId)?.context.baseline ?? null);
  const spec = world.tasks.get(taskId ?? '')?.context.spec;
  const about = { baseline, testsMayGo: testsMayGoBy(candidate, world) };
  if (!spec) return { checks: 'all', own: [], ...about };
  return { checks: spec.checks === 'none' ? 'own_failures' : spec.checks, own: ownFailures(spec.inputs), ...about };
}

function together(questions: readonly Question[], result: CheckResult): Verdict {
  const verdicts = questions.map((question) => judge(question, result)).reverse();
  const [own] = verdicts;
  const red = verdicts.find((verdict) => !verdict.pass);
  if (!red || red === own) return own as Verdict;
  return { ...red, text: `What was merged just before it does not pass any more. ${red.text}` };
}

/** Whether tests are the candidate's own work: of a task what its phase says, of a whole run what any phase does. */
export function testsMayGoBy({ taskId, workflowId }: Candidate, world: World): boolean {
  const workflow = world.workflows.get(workflowId)?.context;
  return workflow !== undefined && testsAreTheWork(world.tasks.get(taskId ?? '')?.context.spec, workflow);
}

/**
 * What is taken out may be what made a test pass; so nothing is asked but that what passed before the run passes. Its
 * tests come with it: to judge by those that it takes out would keep everything in.
 */
function judgeRevert(before: CheckSummary | null, tests: TestOutcome[] | null, result: CheckResult): Verdict {
  const comparable = tests !== null && outcomesOf(result) !== null;
  if (!comparable && before?.status === 'failed' && result.status === 'failed')
    return { pass: true, code: 'passed', text: 'It failed before the run, too.' };
  return judge({ checks: 'own_failures', own: [], baseline: tests }, result);
}
