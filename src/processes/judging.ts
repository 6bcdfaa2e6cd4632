import { isServersOwn, type JudgeRecord, type KeptTreeRecord, type TaskSpec } from '../machines/task/index.ts';
import type { CheckSummary, Workflow } from '../machines/workflow/index.ts';
import type { CheckRequest, LaidJudge } from '../runtime/runner.ts';
import { readTests, runCheck } from './checking.ts';
import type { Hands } from './define-process.ts';
import { judge, ownFailures, type Verdict } from './judge.ts';

/**
 * A check that the work could have changed proves nothing by itself. So work that touches its own judge is checked
 * twice: as it is, and with the judge's files of the trusted base laid over it. It passes when both pass; a red verdict
 * of the original is the one that is told.
 */
const TOUCHED_LISTED_MAX = 50;

export interface Judged {
  verdict: Verdict;
  /** The check that the verdict rests on. */
  check: CheckSummary;
  /** Present when the work touches what judges it. */
  judge?: JudgeRecord;
}

/** What of a task's settlement a judge asks for. */
type JudgedSpec = Pick<TaskSpec, 'checks' | 'inputs' | 'agent' | 'candidates' | 'phase' | 'takesOut'>;
/** A check of a commit under a further key, and the verdict on what it said. */
export type VerdictOn = (
  commit: string,
  key: readonly string[],
  cache: CheckRequest['cache'],
) => Promise<Omit<Judged, 'judge'>>;

export async function judgeWork(
  work: { spec: JudgedSpec; tree: KeptTreeRecord; key: readonly string[] },
  workflow: Workflow,
  hands: Hands,
): Promise<Judged> {
  const { spec, tree, key } = work;
  const baseline = await readTests(hands.blobs, workflow.baseline);
  const testsMayGo = testsAreTheWork(spec, workflow);
  const before = spec.takesOut && { before: workflow.baseline };
  const question = { checks: spec.checks, own: ownFailures(spec.inputs), baseline, testsMayGo, ...before };
  const verdictOn: VerdictOn = async (at, under, cache) => {
    const { result, summary } = await runCheck(hands, workflow, at, [...under, ...key], { cache });
    return { verdict: judge(question, result), check: summary };
  };
  // The server's own task has the last word on a run: all that it says was run for it.
  const cache = isServersOwn(spec) ? 'renew' : 'use';
  const change = { base: tree.base, commit: tree.commit ?? tree.base, testsMayGo, cache } as const;
  return judgeByBoth(change, verdictOn, workflow, hands);
}

export interface Change {
  /** Where the trusted judge comes from. */
  base: string;
  commit: string;
  testsMayGo: boolean;
  cache: CheckRequest['cache'];
}

/** The verdict on a change: by its own judge and, where it touches that, by the judge of its base, too. */
export async function judgeByBoth(
  { base, commit, testsMayGo, cache }: Change,
  verdictOn: VerdictOn,
  { repository, check }: Workflow,
  { runner }: Hands,
): Promise<Judged> {
  const laid = await runner.layJudge({
    ...{ repositoryId: repository.repositoryId, base, commit, command: check ?? '' },
    leave: testsMayGo ? ['test'] : [],
  });
  // Of work that touches its judge, what that judge says is neither believed of other work nor taken from it.
  const own = await verdictOn(commit, [], laid.touched.every(isFurtherTest) ? cache : 'none');
  if (laid.touched.length === 0) return own;
  const original = laid.commit === null ? null : await verdictOn(laid.commit, ['original', laid.tree ?? ''], cache);
  const record: JudgeRecord = {
    touched: laid.touched.slice(0, TOUCHED_LISTED_MAX),
    touchedMore: Math.max(0, laid.touched.length - TOUCHED_LISTED_MAX),
    own: verdictIn(own),
    original: original && verdictIn(original),
  };
  if (original && !original.verdict.pass)
    return { verdict: byTheOriginal(original.verdict, own.verdict, laid), check: original.check, judge: record };
  return { ...own, judge: record };
}

/** It takes nothing away from the tests that there are. */
function isFurtherTest({ kind, change }: LaidJudge['touched'][number]): boolean {
  return kind === 'test' && change === 'added';
}

/** Where the phase says so, and where work is taken out with its tests; the server's own tasks, and a delivery, which has none, judge what all phases have made. */
export function testsAreTheWork(spec: JudgedSpec | undefined, { definition }: Workflow): boolean {
  if (spec?.takesOut) return true;
  return definition.phases.some(
    (phase) => phase.tests === 'work' && (!spec || isServersOwn(spec) || phase.name === spec.phase),
  );
}

function verdictIn({ verdict, check }: { verdict: Verdict; check: CheckSummary }): JudgeRecord['own'] {
  return { pass: verdict.pass, code: verdict.code, check };
}

function byTheOriginal(original: Verdict, own: Verdict, { touched }: LaidJudge): Verdict {
  const named = touched.slice(0, TOUCHED_LISTED_MAX).map(({ path, kind, change }) => `- ${path} (${kind}, ${change})`);
  const alone = own.pass ? ' With your versions of these files it passes; that does not count.' : '';
  return {
    pass: false,
    code: own.pass ? 'judge_changed' : original.code,
    text: `Your work touches what judges it, so it was judged with the files of the base in their place, and fails.${alone}\n${named.join('\n')}\n\n${original.text}`,
  };
}
