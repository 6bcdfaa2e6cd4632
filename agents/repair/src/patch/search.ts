import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SuiteRun } from '../suite/run-suite.ts';
import type { Candidate } from './candidates.ts';
import { applyEdit } from './edit.ts';
import { type Goal, meets, mendedRelated } from './goal.ts';

export interface SearchSetting {
  goal: Goal;
  /** Roots of the copies to try candidates in; as many are tried at a time. */
  copies: readonly string[];
  texts: ReadonlyMap<string, string>;
  /** Test files to ask first; the whole suite is asked only about what passes them. */
  firstFiles: readonly string[];
  /** Runs the suite in a copy; `files` undefined means all. `patience` multiplies the usual time limit. */
  run(copy: string, files: readonly string[] | undefined, patience: number): Promise<SuiteRun>;
  /** False once the budget is used up. */
  hasBudget(): boolean;
  onTried(tried: number): Promise<void>;
}

export interface SearchResult {
  found: Candidate | null;
  /** Candidates that were tried, in order of rank. */
  tried: number;
  /** True when the budget ended the search before the candidates did. */
  outOfBudget: boolean;
}

interface Verdict {
  /** Related failures mended, or null when the goal is not met. */
  mended: number | null;
  hung: boolean;
}

const PATIENCE_OF_RETRY = 4;

/**
 * Tries candidates in order, a few at a time, and answers the first in that order that meets the goal, whichever copy
 * was quicker. When related failures remain, the candidates of equal suspicion get their turn too, and the one that
 * mends most is taken. Those that hung are tried again at the end with more patience, for a busy machine also looks so.
 */
export async function searchPatch(candidates: readonly Candidate[], setting: SearchSetting): Promise<SearchResult> {
  const first = await pass(candidates, setting, 1);
  if (first.found || first.outOfBudget) return first;
  const again = await pass(first.hung, setting, PATIENCE_OF_RETRY);
  return { found: again.found, tried: first.tried, outOfBudget: again.outOfBudget };
}

async function pass(
  candidates: readonly Candidate[],
  setting: SearchSetting,
  patience: number,
): Promise<SearchResult & { hung: Candidate[] }> {
  const verdicts: (Verdict | undefined)[] = [];
  let next = 0;
  let end = candidates.length;
  let outOfBudget = false;
  let tried = 0;

  const work = async (copy: string): Promise<void> => {
    while (next < end) {
      if (!setting.hasBudget()) {
        outOfBudget = true;
        return;
      }
      const n = next++;
      const verdict = await tryCandidate(candidates[n] as Candidate, copy, setting, patience);
      verdicts[n] = verdict;
      if (verdict.mended !== null) end = Math.min(end, endAfter(candidates, n, verdict.mended, setting.goal));
      await setting.onTried(++tried);
    }
  };
  await Promise.all(setting.copies.map(work));

  const best = bestOf(verdicts, end);
  return {
    found: best === null ? null : (candidates[best] as Candidate),
    tried,
    outOfBudget: outOfBudget && best === null,
    hung: candidates.filter((_candidate, n) => verdicts[n]?.hung),
  };
}

/** Where the search may stop after candidate `n` met the goal. */
function endAfter(candidates: readonly Candidate[], n: number, mended: number, goal: Goal): number {
  if (mended === goal.related.size) return n + 1;
  const { suspicion } = candidates[n] as Candidate;
  const lower = candidates.findIndex((candidate, at) => at > n && candidate.suspicion < suspicion);
  return lower < 0 ? candidates.length : lower;
}

function bestOf(verdicts: readonly (Verdict | undefined)[], end: number): number | null {
  let best: number | null = null;
  for (let n = 0; n < end; n++) {
    const mended = verdicts[n]?.mended ?? null;
    if (mended !== null && (best === null || mended > (verdicts[best]?.mended ?? 0))) best = n;
  }
  return best;
}

async function tryCandidate(
  candidate: Candidate,
  copy: string,
  setting: SearchSetting,
  patience: number,
): Promise<Verdict> {
  const { goal, firstFiles } = setting;
  const path = join(copy, candidate.file);
  const text = setting.texts.get(candidate.file) ?? '';
  await writeFile(path, applyEdit(text, candidate.edit));
  try {
    const some = await setting.run(copy, firstFiles, patience);
    if (!meets(goal, some.results, new Set(firstFiles))) return { mended: null, hung: some.timedOut };
    const all = await setting.run(copy, undefined, patience);
    if (!meets(goal, all.results, null)) return { mended: null, hung: all.timedOut };
    return { mended: mendedRelated(goal, all.results), hung: false };
  } finally {
    await writeFile(path, text);
  }
}
