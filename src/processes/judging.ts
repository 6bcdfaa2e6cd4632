import type { JudgeRecord, KeptTreeRecord, TaskSpec } from '../machines/task/index.ts';
import type { CheckSummary, Workflow } from '../machines/workflow/index.ts';
import type { JudgeKind } from '../runtime/checks/judge-files.ts';
import type { LaidJudge } from '../runtime/runner.ts';
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

/** A check of a commit under a further key, and the verdict on what it said. */
export type VerdictOn = (commit: string, key: readonly string[]) => Promise<Omit<Judged, 'judge'>>;

export async function judgeWork(
  work: { spec: TaskSpec; tree: KeptTreeRecord; key: readonly string[] },
  workflow: Workflow,
  hands: Hands,
): Promise<Judged> {
  const { spec, tree, key } = work;
  const baseline = await readTests(hands.blobs, workflow.baseline);
  const question = { checks: spec.checks, own: ownFailures(spec.inputs), baseline };
  const verdictOn: VerdictOn = async (at, under) => {
    const { result, summary } = await runCheck(hands, workflow, at, [...under, ...key]);
    return { verdict: judge(question, result), check: summary };
  };
  const change = { base: tree.base, commit: tree.commit ?? tree.base, leave: leftByWork(spec, workflow) };
  return judgeByBoth(change, verdictOn, workflow, hands);
}

/** The verdict on a change: by its own judge and, where it touches that, by the judge of its base, too. */
export async function judgeByBoth(
  change: { base: string; commit: string; leave: readonly JudgeKind[] },
  verdictOn: VerdictOn,
  { repository, check }: Workflow,
  { runner }: Hands,
): Promise<Judged> {
  const laid = await runner.layJudge({ ...change, repositoryId: repository.repositoryId, command: check ?? '' });
  const own = await verdictOn(change.commit, []);
  if (laid.touched.length === 0) return own;
  const original = laid.commit === null ? null : await verdictOn(laid.commit, ['original', laid.tree ?? '']);
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

/** Tests are the work where the phase says so; what judges all phases together leaves them when any of them does. */
export function leftByWork(
  { agent, phase: name }: Pick<TaskSpec, 'agent' | 'phase'>,
  { definition }: Workflow,
): JudgeKind[] {
  const isWork = definition.phases.some((phase) => phase.tests === 'work' && (agent === null || phase.name === name));
  return isWork ? ['test'] : [];
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
