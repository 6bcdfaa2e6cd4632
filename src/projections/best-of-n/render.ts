import { hashOf } from '../../kernel/canonical.ts';
import {
  type BestOfN,
  type BestOfNCandidate,
  type BestOfNSpec,
  buildIdOf,
  formatWeights,
  type Place,
  type Rescoring,
  type Score,
  type Verdict,
  type Weights,
} from '../../machines/best-of-n/index.ts';
import { type BuildStatus, statusOf } from '../builds/index.ts';
import type { Rendered, Row } from '../define-projection.ts';
import { ageMs } from '../evidence.ts';
import type { OneBestOfN } from './state.ts';

const HASH_SHOWN = 16;

/** A row for each candidate, in the order of the variants; the request and every verdict in the summary. */
export function renderBestOfN(one: OneBestOfN, asOf: number): Rendered {
  const { actor, status, evidence, bestOfNId } = one;
  const spec = actor.spec as BestOfNSpec;
  const rows: Record<string, Row> = {};
  const counts: Record<string, number> = {};
  for (const candidate of actor.candidates) {
    const row = rowOf(candidate, one, spec, asOf);
    rows[row.buildId] = row;
    counts[row.status] = (counts[row.status] ?? 0) + 1;
  }
  const { directive, repository, weights, from, ...asked } = spec;
  return {
    rows,
    summary: {
      ...asked,
      bestOfNId,
      status,
      evidence,
      ageMs: evidence && ageMs(evidence, asOf),
      goal: directive.goal,
      constraints: directive.constraints,
      criteria: directive.criteria,
      repository,
      weights,
      score: formatWeights(weights),
      from: from ? buildIdOf(from) : null,
      startedBy: one.startedBy,
      workflowId: actor.workflowId,
      early: actor.early,
      drafting: draftingOf(actor),
      counts,
      verdict: actor.verdict,
      rescorings: actor.rescorings.map(rescoringOf),
      commit: actor.commit,
      reason: actor.reason,
      startedAt: actor.startedAt,
      endedAt: actor.endedAt,
      durationMs: Math.max(0, (actor.endedAt ?? asOf) - actor.startedAt),
    },
  };
}

function rowOf(candidate: BestOfNCandidate, one: OneBestOfN, spec: BestOfNSpec, asOf: number) {
  const { index, directive, mutators, words, taskId, end, scores, total } = candidate;
  const { agent, model, seed } = directive.parameters;
  const evidence = one.candidates.get(index) ?? null;
  const status = statusOf({ outcome: end?.outcome ?? null, taskId }, one.status);
  return {
    buildId: buildIdOf({ bestOfNId: one.bestOfNId, index }),
    index,
    parent: parentOf(index, one, spec),
    words,
    ...{ agent, model, seed, mutators },
    directive: hashOf(directive).slice(0, HASH_SHOWN),
    parameters: directive.parameters,
    constraints: directive.constraints,
    taskId,
    status,
    statusText: statusText(status, candidate, one.actor.endedAt !== null),
    evidence,
    ageMs: evidence && ageMs(evidence, asOf),
    check: end?.check ?? null,
    scores: scores && weighed(scores, spec.weights),
    total,
    rank: rankOf(index, one.actor.verdict),
    won: one.actor.verdict?.winner === index,
    changedLines: end?.changedLines ?? null,
    costUsd: end?.costUsd ?? null,
    times: timesOf(candidate),
    commit: end?.commit ?? null,
    reason: end?.reason ?? null,
    later: one.actor.rescorings.flatMap((rescoring) => laterOf(index, rescoring, one.actor)),
  };
}

/** Variant 0 comes from the build that the run was started from, if from any; the others come from variant 0. */
function parentOf(index: number, { bestOfNId }: OneBestOfN, { from }: BestOfNSpec): string | null {
  if (index > 0) return buildIdOf({ bestOfNId, index: 0 });
  return from ? buildIdOf(from) : null;
}

function statusText(status: BuildStatus, { taskId, end, scores }: BestOfNCandidate, over: boolean): string {
  const because = end?.reason ? `: ${end.reason}` : '';
  switch (status) {
    case 'planned':
      return 'It has no task yet.';
    case 'building':
      return `It is being built by ${taskId}.`;
    case 'passed':
      return scores ? 'It passed.' : `It passed and ${over ? 'was not scored' : 'waits for its scores'}.`;
    case 'failed':
      return `It failed${because}`;
    case 'died':
      return `It died${because}`;
    case 'withdrawn':
      return `It was withdrawn${because}`;
    case 'cancelled':
      return 'It had not ended when the run did.';
  }
}

/** What each scorer said, with what it counted; one that does not count has weight 0. */
function weighed(scores: readonly Score[], weights: Weights) {
  return scores.map((score) => ({
    ...score,
    weight: Object.hasOwn(weights, score.scorer) ? weights[score.scorer] : 0,
  }));
}

function rankOf(index: number, verdict: Verdict | null): number | null {
  const place = verdict?.ranking.findIndex((one) => one.index === index) ?? -1;
  return place < 0 ? null : place + 1;
}

/** Where its time went, in milliseconds; null is what has not happened. */
function timesOf({ mutateMs, modelMs, end, judgeMs }: BestOfNCandidate) {
  return { mutateMs, modelMs, buildMs: end?.buildMs ?? null, testMs: end?.testMs ?? null, judgeMs };
}

/** What a rescoring came to for one candidate. Recorded scores are in the ranking only. */
function laterOf(index: number, { verdict, weights, rescored, result }: Rescoring, { candidates }: BestOfN): Row[] {
  const measured = rescored.find((one) => one.index === index);
  const place: Place | undefined = measured ?? result?.ranking.find((one) => one.index === index);
  if (!place) return [];
  const scores = measured?.scores ?? candidates[index]?.scores ?? [];
  const passed = measured?.passed ?? true;
  const rank = result && rankOf(index, result);
  return [{ verdict, passed, total: place.total, rank, scores: weighed(scores, weights) }];
}

/** What a model was asked for and what that came to; the drafts themselves stand in the variants. */
function draftingOf({ drafting }: BestOfN): Row | null {
  if (!drafting) return null;
  const { drafts, ...facts } = drafting;
  return { ...facts, drafts: drafts.length };
}

function rescoringOf({ verdict, by, weights, check, judges, measured, result, abandoned }: Rescoring): Row {
  const status = abandoned !== null ? 'abandoned' : result ? 'reached' : 'open';
  const words = result?.words ?? abandoned;
  const { winner = null, differs = null, ranking = [] } = result ?? {};
  return {
    verdict,
    by,
    score: formatWeights(weights),
    check,
    judges: judges ?? null,
    measured,
    status,
    winner,
    differs,
    words,
    ranking,
  };
}
