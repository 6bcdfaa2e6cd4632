import type { Candidate, CurrentMerge } from '../machines/merge-train/index.ts';
import type { CheckSummary, Workflow } from '../machines/workflow/index.ts';
import type { CheckResult } from '../runtime/runner.ts';
import { readTests, runCheck } from './checking.ts';
import type { Hands } from './define-process.ts';
import { judge, ownFailures, type Question, type Verdict } from './judge.ts';
import { type Judged, judgeByBoth, testsAreTheWork, type VerdictOn } from './judging.ts';
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
  // Its tests come with what it takes out: to judge a revert by those would keep everything in.
  if (candidate.revert) {
    const { result, summary } = await runCheck(hands, workflow, commit, key);
    const question = { checks: 'own_failures', own: [], baseline, before: workflow.baseline } as const;
    return { verdict: judge(question, result), check: summary };
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
  const workflow = world.workflows.get(workflowId)?.context;
  const before = workflow?.baseline ?? null;
  const spec = world.tasks.get(taskId ?? '')?.context.spec;
  const takesOut = workflow?.takesOut ?? spec?.takesOut;
  const about = {
    ...{ baseline: await readTests(blobs, before), testsMayGo: testsMayGoBy(candidate, world) },
    ...(takesOut && { before }),
  };
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
