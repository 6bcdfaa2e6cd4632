import {
  type BestOfN,
  type BestOfNCandidate,
  type BestOfNSpec,
  judgeable,
  type OwnScorers,
  type Rescoring,
  type Weights,
} from '../machines/best-of-n/index.ts';
import { type CheckedRun, runCheck } from './checking.ts';
import type { Hands } from './define-process.ts';

/** A best-of-N as its judges see it: what is asked of whom, and who judges. */
export interface Contest {
  spec: BestOfNSpec;
  run: CheckedRun;
  weights: Weights;
  scorers: OwnScorers;
  /** The trusted commit that the judges come from; null: the one that a candidate began at. */
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
  base: string;
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
    judges: rescoring?.judges ?? null,
    under: rescoring?.anew ? [`verdict ${rescoring.verdict}`] : [],
    cache: rescoring?.anew ? 'renew' : 'use',
    peers: judgeable(bestOfN)
      .filter(({ end }) => end?.outcome === 'passed')
      .flatMap((candidate) => workOf(candidate, spec) ?? []),
  };
}

/** Null when it left none. */
export function workOf(candidate: BestOfNCandidate, spec: BestOfNSpec): Work | null {
  const { index, end } = candidate;
  if (!end || end.commit === null) return null;
  const base = end.base ?? spec.repository.baseCommit;
  return { index, candidate, end, base, commit: end.commit, tree: end.tree ?? end.commit };
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
  work: Pick<Work, 'base' | 'commit' | 'tree'>,
  { run, judges }: Contest,
  { runner }: Hands,
  command = run.check ?? '',
): Promise<Laid> {
  const { repositoryId } = run.repository;
  const request = { repositoryId, base: judges ?? work.base, commit: work.commit, command, leave: [] };
  const { touched, commit, tree } = await runner.layJudge(request);
  const news = touched.filter(({ kind, change }) => kind === 'test' && change === 'added');
  const added = new Set(news.map(({ path }) => path));
  if (commit === null) return { commit: work.commit, tree: work.tree, added, key: ['tree', work.tree] };
  return { commit, tree: tree ?? commit, added, key: ['original', tree ?? '', 'tree', work.tree] };
}

/** Single tests before anybody changed anything; null when only the exit code spoke. */
export async function readBaseline({ base }: Pick<Work, 'base'>, contest: Contest, hands: Hands) {
  const before = { base, commit: base, tree: base };
  const laid = contest.judges === null ? null : await layTrusted(before, contest, hands);
  const { result } = await checkTrusted(
    laid?.commit ?? base,
    ['baseline', base, ...(laid ? [laid.tree] : [])],
    contest,
    hands,
  );
  return result.tests;
}

/** A check whose word is believed: nothing of the work could have changed it. */
export function checkTrusted(commit: string, key: readonly string[], { run, under, cache }: Contest, hands: Hands) {
  return runCheck(hands, run, commit, [...under, ...key], { cache });
}
