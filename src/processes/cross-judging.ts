import type { CrossRun } from '../machines/best-of-n/index.ts';
import { runCheck } from './checking.ts';
import { type Contest, readBaseline, type Work } from './contest.ts';
import type { Hands } from './define-process.ts';
import { type Asked, askable, countCross } from './test-counts.ts';

/**
 * Judges without a model: each candidate's new tests are run over the code of the others. It sees where candidates
 * disagree; a mistake that all of them share, none of them tests.
 */
export interface CrossJudged {
  runs: CrossRun[];
  /** Whose tests were not used, and why. */
  unused: { testsOf: number; why: string }[];
}

/** How one candidate's code stands under the new tests of every other that passed. */
export async function crossJudge(work: Work, contest: Contest, hands: Hands): Promise<CrossJudged> {
  const judged: CrossJudged = { runs: [], unused: [] };
  for (const peer of contest.peers.filter(({ index }) => index !== work.index)) {
    const tests = await newTestsOf(peer, contest, hands);
    if ('why' in tests) judged.unused.push({ testsOf: peer.index, why: tests.why });
    else {
      const run = await runOver(peer, work, 1, contest, hands);
      judged.runs.push({ testsOf: peer.index, codeOf: work.index, ...countCross(tests.asked, run) });
    }
  }
  if (judged.runs.length === 0) judged.runs.push(...(await ownRun(work, contest, hands)));
  return judged;
}

/** That it alone wrote tests. */
async function ownRun(work: Work, contest: Contest, hands: Hands): Promise<CrossRun[]> {
  const tests = await newTestsOf(work, contest, hands);
  if ('why' in tests) return [];
  const total = tests.asked?.size ?? 1;
  return [{ testsOf: work.index, codeOf: work.index, passed: total, total }];
}

/** Run twice over their own author's code: those that fail there, or now and then, judge nobody. */
async function newTestsOf(peer: Work, contest: Contest, hands: Hands): Promise<{ asked: Asked } | { why: string }> {
  const baseline = await readBaseline(contest, hands);
  const first = await runOver(peer, peer, 1, contest, hands);
  if (first.files.length === 0) return { why: 'It has added no test.' };
  const second = await runOver(peer, peer, 2, contest, hands);
  return askable([first.tests, second.tests], {
    files: first.files,
    known: new Set(baseline?.map(({ id }) => id)),
    passed: first.passed && second.passed,
  });
}

async function runOver(author: Work, code: Work, time: 1 | 2, { run, base, under }: Contest, hands: Hands) {
  const laid = await hands.runner.layTests({
    repositoryId: run.repository.repositoryId,
    base,
    testsOf: author.commit,
    codeOf: code.commit,
    command: run.check ?? '',
  });
  if (laid.commit === null) return { files: [], tests: null, passed: false };
  const key = [...under, 'cross', String(time), laid.tree ?? laid.commit];
  // Tests that somebody wrote a moment ago: what they say is kept for this one question, and for no other.
  const { result } = await runCheck(hands, run, laid.commit, key, { cache: 'none' });
  return { files: laid.tests, tests: result.tests, passed: result.status === 'passed' };
}
