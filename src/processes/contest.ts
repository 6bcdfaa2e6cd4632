import {
  type BestOfN,
  type BestOfNCandidate,
  type BestOfNSpec,
  judgeable,
  type OwnScorers,
  type Rescoring,
  type Weights,
} from '../machines/best-of-n/index.ts';
import type { TestOutcome } from '../runtime/runner.ts';
import { type CheckedRun, runCheck } from './checking.ts';
import type { Hands } from './define-process.ts';

/** A best-of-N as its judges see it: what is asked of whom, and who judges. */
export interface Contest {
  spec: BestOfNSpec;
  run: CheckedRun;
  weights: Weights;
  scorers: OwnScorers;
  /** The commit that every candidate began at. */
  base: string;
  /** The trusted commit that the judges come from; null: `base`. */
  judges: string | null;
  /** Parts of every key; more than none where nothing that was measured before is to be used. */
  under: readonly string[];
  /** See `CheckRequest.cache`, of what the trusted judge says. */
  cache: 'use' | 'renew';
  /** Those that passed, by the first verdict: their new tests judge the others. */
  peers: readonly Work[];
}

/** What a candidate left. */
export interface Work {
  index: number;
  candidate: BestOfNCandidate;
  end: NonNullable<BestOfNCandidate['end']>;
  commit: string;
  tree: string;
}

export function contestOf(bestOfN: BestOfN, spec: BestOfNSpec, rescoring: Rescoring | null): Contest {
  const check = rescoring?.check ?? spec.check;
  return {
    spec,
    run: {
      ...{ workflowId: bestOfN.workflowId ?? spec.bestOfNId, check, repository: spec.repository },
      ...(spec.tests !== undefined && check === spec.check && { tests: spec.tests }),
    },
    weights: rescoring?.weights ?? spec.weights,
    scorers: (rescoring ? rescoring.scorers : spec.scorers) ?? {},
    base: bestOfN.base ?? spec.repository.baseCommit,
    judges: rescoring?.judges ?? null,
    under: rescoring?.anew ? [`verdict ${rescoring.verdict}`] : [],
    cache: rescoring?.anew ? 'renew' : 'use',
    peers: judgeable(bestOfN)
      .filter(({ end }) => end?.outcome === 'passed')
      .flatMap((candidate) => workOf(candidate) ?? []),
  };
}

/** Null when it left none. */
export function workOf(candidate: BestOfNCandidate): Work | null {
  const { index, end } = candidate;
  if (!end || end.commit === null) return null;
  return { index, candidate, end, commit: end.commit, tree: end.tree ?? end.commit };
}

export interface Laid {
  commit: string;
  tree: string;
  /** Test files that are new: they say nothing about who wrote them. */
  added: ReadonlySet<string>;
  /** What of a key makes it the check of this tree. */
  key: string[];
}

/** The work under the judge of the trusted commit: what it changed of its own judge does not count. `command`: what judges. */
export async function layTrusted(
  work: Pick<Work, 'commit' | 'tree'>,
  { run, base, judges }: Contest,
  { runner }: Hands,
  command = run.check ?? '',
): Promise<Laid> {
  const { repositoryId } = run.repository;
  const request = { repositoryId, base: judges ?? base, commit: work.commit, command, leave: [] };
  const { touched, commit, tree } = await runner.layJudge(request);
  const news = touched.filter(({ kind, change }) => kind === 'test' && change === 'added');
  const added = new Set(news.map(({ path }) => path));
  if (commit === null) return { commit: work.commit, tree: work.tree, added, key: ['tree', work.tree] };
  return { commit, tree: tree ?? commit, added, key: ['original', tree ?? '', 'tree', work.tree] };
}

/** Single tests before anybody changed anything; null when only the exit code spoke. */
export async function readBaseline(contest: Contest, hands: Hands): Promise<TestOutcome[] | null> {
  const { base, judges } = contest;
  const laid = judges === null ? null : await layTrusted({ commit: base, tree: base }, contest, hands);
  const key = ['baseline', base, ...(laid ? [laid.tree] : [])];
  return (await checkTrusted(laid?.commit ?? base, key, contest, hands)).result.tests;
}

/** A check whose word is believed: nothing of the work could have changed it. */
export function checkTrusted(commit: string, key: readonly string[], { run, under, cache }: Contest, hands: Hands) {
  return runCheck(hands, run, commit, [...under, ...key], { cache });
}
