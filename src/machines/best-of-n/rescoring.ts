import { canonicalJson } from '../../kernel/canonical.ts';
import { rejected, type Rejected } from '../../kernel/errors.ts';
import type { Proposer } from '../define-actor.ts';
import type { BestOfNCommand } from './commands.ts';
import { hasPassed, placeOf } from './conclude.ts';
import type { BestOfNFact, Place } from './events.ts';
import { type BestOfN, judgeable, openRescoring, type Rescored } from './machine.ts';
import { ownScorersIn } from './own-scorers.ts';
import { missingScorers, select, totalOfScores } from './selection.ts';
import { sameWeights, type Weights } from './weights.ts';

type Actor = Proposer<BestOfN, BestOfNFact>;
type Decision = BestOfNFact[] | Rejected;
type InputOf<N extends BestOfNCommand['name']> = Extract<BestOfNCommand, { name: N }>['input'];

/** Verdicts on one run; each is kept for good. */
const RESCORINGS_MAX = 100;

/** Weighs recorded scores at once where they say enough; else opens a rescoring that waits for its measurements. */
export function startRescoring(
  input: InputOf<'rescore_best_of_n'>,
  weights: Weights,
  by: string,
  actor: Actor,
): Decision {
  const { context } = actor;
  if (actor.value !== 'completed' && actor.value !== 'failed')
    return rejected('best.not_judged', `It is ${actor.value}; only what has had its verdict can be scored again.`);
  const candidates = judgeable(context);
  if (candidates.length === 0) return rejected('best.nothing_to_score', 'No candidate left work that could be judged.');
  const passed = candidates.filter(hasPassed);
  const check = input.check ?? null;
  const { judges } = input;
  const known = passed.length > 0 && passed.every(({ scores }) => missingScorers(weights, scores ?? []).length === 0);
  const before = context.spec?.scorers ?? {};
  const scorers = ownScorersIn(weights, { ...before, ...input.scorers });
  // What was said by a scorer that is another one by now says nothing about it.
  const sameScorers = Object.keys(scorers).every(
    (name) => canonicalJson(scorers[name]) === canonicalJson(before[name]),
  );
  const measured = input.measure || check !== null || judges !== undefined || !known || !sameScorers;
  const last = context.rescorings.at(-1);
  const same =
    last?.measured === measured &&
    last.check === check &&
    last.judges === judges &&
    sameWeights(last.weights, weights) &&
    canonicalJson(last.scorers ?? {}) === canonicalJson(scorers);
  const open = openRescoring(context);
  if (same && (open || (!measured && last.result))) return [];
  if (open) return rejected('best.rescoring', `The candidates are being judged for verdict ${open.verdict}.`);
  if (context.rescorings.length >= RESCORINGS_MAX)
    return actor.refuse(`It has been scored again ${RESCORINGS_MAX} times.`);
  const verdict = context.rescorings.length + 2;
  const started: BestOfNFact = {
    type: 'RescoringStarted',
    v: 1,
    data: {
      ...{ verdict, by, weights, check, measured },
      ...(input.measure && { anew: true }),
      ...(judges !== undefined && { judges }),
      ...(Object.keys(scorers).length > 0 && { scorers }),
    },
  };
  if (measured) return actor.facts(started);
  const places = passed.map((one) => placeOf(one, totalOfScores(weights, one.scores ?? [])));
  return actor.facts(started, reached(context, verdict, places));
}

export function recordRescore(input: InputOf<'record_rescore'>, actor: Actor): Decision {
  const { context } = actor;
  const { verdict, index, passed, scores, judgeMs } = input;
  const rescoring = context.rescorings.find((one) => one.verdict === verdict);
  if (!rescoring) return actor.refuse(`There is no verdict ${verdict}.`);
  if (rescoring.rescored.some((one) => one.index === index)) return [];
  if (rescoring.result || rescoring.abandoned !== null)
    return actor.refuse(`Verdict ${verdict} is not being judged any more.`);
  const candidates = judgeable(context);
  if (!candidates.some((one) => one.index === index))
    return rejected('best.no_such_candidate', `Variant ${index} left no work that could be judged.`);
  const missing = missingScorers(rescoring.weights, scores);
  if (missing.length > 0) return actor.refuse(`The scores of variant ${index} lack ${missing.join(', ')}.`);
  const total = totalOfScores(rescoring.weights, scores);
  const data = { verdict, index, passed, scores, total, judgeMs };
  const rescored: BestOfNFact = { type: 'CandidateRescored', v: 1, data };
  if (rescoring.rescored.length + 1 < candidates.length) return actor.facts(rescored);
  const changedLines = context.candidates[index]?.end?.changedLines ?? 0;
  const all: Rescored[] = [...rescoring.rescored, { ...data, changedLines }];
  return actor.facts(rescored, reached(context, verdict, all.filter((one) => one.passed).map(toPlace)));
}

export function abandonRescoring({ verdict, reason }: InputOf<'abandon_rescoring'>, actor: Actor): Decision {
  const rescoring = actor.context.rescorings.find((one) => one.verdict === verdict);
  if (!rescoring) return actor.refuse(`There is no verdict ${verdict}.`);
  if (rescoring.abandoned !== null) return [];
  if (rescoring.result) return actor.refuse(`Verdict ${verdict} is reached already.`);
  return actor.facts({ type: 'RescoringAbandoned', v: 1, data: { verdict, reason } });
}

function reached({ verdict: first }: BestOfN, verdict: number, places: readonly Place[]): BestOfNFact {
  const result = select(places);
  const before = first?.winner ?? null;
  const differs = result.winner !== before;
  const note = differs
    ? `By the first verdict ${before === null ? 'nobody passed' : `variant ${before} won`}, and that stands.`
    : 'The first verdict was the same.';
  return { type: 'VerdictReached', v: 1, data: { verdict, ...result, words: `${result.words} ${note}`, differs } };
}

function toPlace({ index, total, changedLines }: Place): Place {
  return { index, total, changedLines };
}
