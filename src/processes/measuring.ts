import { hashOf } from '../kernel/canonical.ts';
import { HephError, messageOf } from '../kernel/errors.ts';
import {
  type Ancestor,
  type CheckOutcome,
  type Judgement,
  type OwnScorer,
  scoreAgreement,
  scoreChecks,
  scoreConstraints,
  scoreCost,
  scoreDiff,
  scoreLineage,
  scoreOwn,
  scoreReuse,
  type ScorerName,
  scorersOf,
  scoreSurvival,
  scoreTests,
  scoreTime,
  unmeasured,
} from '../machines/best-of-n/index.ts';
import { NOTHING_TO_MUTATE } from '../runtime/mutation/mutation.ts';
import type { CheckPart, CheckResult } from '../runtime/runner.ts';
import { checkTrusted, type Contest, type Laid, layTrusted, readBaseline, type Work } from './contest.ts';
import { crossJudge } from './cross-judging.ts';
import { type Hands, mayHelpToRetry } from './define-process.ts';
import { mutateChange } from './survivors.ts';
import { countTests } from './test-counts.ts';

/**
 * What each scorer needs to know of a candidate, measured without any agent. Judges come from the trusted commit; what was
 * measured before under the same key is not measured again.
 */
export interface Subject {
  work: Work;
  contest: Contest;
  /** Who has won on the repository before. */
  ancestors: readonly Ancestor[];
  hands: Hands;
  /** The work under its check, with the judge of the trusted commit. Asked by several scorers, run once. */
  trusted(): Promise<{ laid: Laid; result: CheckResult }>;
}

/** Made anew for each try: what failed is not remembered. */
export function createSubject(parts: Omit<Subject, 'trusted'>): Subject {
  let checked: ReturnType<Subject['trusted']> | undefined;
  return { ...parts, trusted: () => (checked ??= runTrusted(parts)) };
}

type Measure = (subject: Subject) => Promise<Judgement>;

/** What the log says already, for which nothing is run. */
const RECORDED: Partial<Record<ScorerName, (subject: Subject) => Judgement>> = {
  diff: ({ work }) => scoreDiff(work.end.changedLines),
  time: ({ work }) => scoreTime(work.end),
  cost: ({ work }) => scoreCost(work.end.costUsd),
  lineage: ({ work, ancestors }) => scoreLineage(work.candidate.directive.parameters, ancestors),
};

const MEASURES: Partial<Record<ScorerName, Measure>> = {
  checks: async (subject) => {
    const { result } = await subject.trusted();
    return scoreChecks(partsOf(result));
  },
  tests: async (subject) => {
    const { laid, result } = await subject.trusted();
    const baseline = await readBaseline(subject.contest, subject.hands);
    return scoreTests(countTests(result.tests, baseline, laid.added));
  },
  constraints: async (subject) => {
    const { work, contest, hands } = subject;
    const { constraints } = contest.spec.directive;
    const { repositoryId } = contest.run.repository;
    const sources = constraints.allowedImports !== null;
    const change = await hands.runner.measureChange({ repositoryId, base: contest.base, commit: work.commit, sources });
    const output = constraints.expectedOutput === null ? '' : (await subject.trusted()).result.tail;
    return scoreConstraints(constraints, {
      files: change.files.map(({ path }) => path),
      changedLines: change.changedLines,
      newImports: change.code?.newImports ?? [],
      unreadImports: change.code?.unreadImports ?? [],
      output,
    });
  },
  reuse: async ({ work, contest, hands }) => {
    const { repositoryId } = contest.run.repository;
    const request = { repositoryId, base: contest.base, commit: work.commit, sources: true };
    const { code } = await hands.runner.measureChange(request);
    const judgement = scoreReuse(code?.reuse ?? null);
    return { ...judgement, evidence: judgement.evidence && { ...judgement.evidence, unread: code?.unread ?? 0 } };
  },
  survival: async (subject) => {
    const { contest, hands } = subject;
    const { laid, result: check } = await subject.trusted();
    const baseline = check.status === 'passed' ? 'green' : 'passing_tests';
    const change = { base: contest.base, commit: laid.commit, tree: laid.tree };
    const { result } = await mutateChange(change, baseline, contest.run, hands);
    if (!result.measured)
      return result.reason === NOTHING_TO_MUTATE
        ? scoreSurvival({ killed: 0, survived: 0 })
        : unmeasured('survival', `The tests were not asked: ${result.reason}`.slice(0, 1_000));
    const noticed = result.killed + result.timedOut;
    const judgement = scoreSurvival({ killed: noticed, survived: result.survived.length });
    const { survived, untested, unmeasured: files } = result;
    return { ...judgement, evidence: { killed: noticed, survived, untested, unmeasured: files } };
  },
  agreement: async ({ work, contest, hands }) => {
    const { runs, unused } = await crossJudge(work, contest, hands);
    const judgement = scoreAgreement(work.index, runs);
    return { ...judgement, evidence: judgement.evidence && { ...judgement.evidence, unused } };
  },
};

/** A word of every scorer that counts. Throws only what may pass when it is tried again. */
export async function judgeAll(subject: Subject): Promise<Judgement[]> {
  const judgements: Judgement[] = [];
  for (const scorer of scorersOf(subject.contest.weights)) judgements.push(await judgeBy(scorer, subject));
  return judgements;
}

/** The same when nothing can be run any more. */
export function judgeByRecord(subject: Subject, why: string): Judgement[] {
  return scorersOf(subject.contest.weights).map(
    (scorer) => RECORDED[scorer as ScorerName]?.(subject) ?? unmeasured(scorer, `It could not be measured: ${why}`),
  );
}

async function judgeBy(scorer: string, subject: Subject): Promise<Judgement> {
  const recorded = RECORDED[scorer as ScorerName];
  if (recorded) return recorded(subject);
  const own = Object.hasOwn(subject.contest.scorers, scorer) ? subject.contest.scorers[scorer] : undefined;
  const measure = MEASURES[scorer as ScorerName];
  try {
    if (measure) return await measure(subject);
    if (own) return scoreOwn(scorer, await askOwn(scorer, own, subject));
    return unmeasured(scorer, 'There is no such scorer any more.');
  } catch (error) {
    if (mayHelpToRetry(error) || !(error instanceof HephError)) throw error;
    return unmeasured(scorer, `It could not be measured: ${messageOf(error).slice(0, 1_000)}`);
  }
}

/** Validation has run it mostly, and it is found. */
async function runTrusted({ work, contest, hands }: Omit<Subject, 'trusted'>) {
  const laid = await layTrusted(work, contest, hands);
  const { result } = await checkTrusted(laid.commit, laid.key, contest, hands);
  return { laid, result };
}

/** Each check of a graph, or the one command. */
function partsOf({ command, status, checks }: CheckResult): CheckOutcome[] {
  const whole = { name: command, status: status === 'passed' ? ('passed' as const) : ('failed' as const) };
  return checks?.map((part) => ({ name: part.name, status: STATUS[part.status] })) ?? [whole];
}

const STATUS: Record<CheckPart['status'], CheckOutcome['status']> = {
  passed: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  warning: 'warned',
  flaky: 'warned',
  cancelled: 'skipped',
};

/** A file that the command names comes from the trusted commit, as a module does. */
async function askOwn(name: string, scorer: OwnScorer, { work, contest, hands }: Subject) {
  const { run, judges, under } = contest;
  const argv = 'command' in scorer ? scorer.command.join(' ') : '';
  const laid = await layTrusted(work, contest, hands, `${run.check ?? ''} ${argv}`);
  const base = judges ?? contest.base;
  const { wallMs, ...how } = scorer;
  const { index, candidate, end } = work;
  return hands.runner.runScorer({
    key: hashOf(['scorer', run.workflowId, name, scorer, base, laid.tree, index, ...under]),
    repositoryId: run.repository.repositoryId,
    ...{ base, commit: laid.commit, scorer: how, wallMs },
    candidate: {
      ...{ index, goal: candidate.directive.goal, variant: candidate.words },
      ...{ changedLines: end.changedLines, buildMs: end.buildMs, testMs: end.testMs, costUsd: end.costUsd },
    },
    copyIgnored: { from: run.repository.path, globs: ['node_modules'] },
  });
}
