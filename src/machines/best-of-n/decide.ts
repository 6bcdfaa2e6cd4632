import { canonicalJson } from '../../kernel/canonical.ts';
import { isFailure, rejected, type Rejected } from '../../kernel/errors.ts';
import { defineActor, type Proposer } from '../define-actor.ts';
import type { BestOfNCommand } from './commands.ts';
import { prospectsOf, selected, withConsequences } from './conclude.ts';
import { settledWinner } from './early-stop.ts';
import { type BestOfNFact, type BestOfNSpec, bestOfNFacts } from './events.ts';
import { type BestOfN, bestOfNChart, evolveBestOfN, noBestOfN } from './machine.ts';
import { writable } from './mutators.ts';
import { abandonRescoring, recordRescore, startRescoring } from './rescoring.ts';
import { RELATIVE_SCORERS } from './scorers.ts';
import { missingScorers, totalOfScores } from './selection.ts';
import { parseWeights, SCORER_NAMES, scorersOf, type Weights } from './weights.ts';

type Actor = Proposer<BestOfN, BestOfNFact>;
type Decision = BestOfNFact[] | Rejected;
type InputOf<N extends BestOfNCommand['name']> = Extract<BestOfNCommand, { name: N }>['input'];

const OVER = ['completed', 'failed', 'cancelled'];

function decide(command: BestOfNCommand, actor: Actor): Decision {
  const { context } = actor;
  if (command.name === 'start_best_of_n' || command.name === 'start_best_of_n_of_task') {
    if (actor.value !== 'absent') return rejected('best.exists', 'It exists already.');
    return actor.facts({ type: 'BestOfNStarted', v: 1, data: { ...command.input, startedBy: command.actor } });
  }
  const { spec } = context;
  if (!spec) return rejected('best.not_open', 'There is no such best-of-N.');
  switch (command.name) {
    case 'start_mutating': {
      const { bestOfNId: _id, ...started } = command.input;
      if (context.workflowId === started.workflowId) return [];
      return actor.facts({ type: 'MutationStarted', v: 1, data: started });
    }
    case 'record_drafts':
      return recordDrafts(command.input, spec, actor);
    case 'record_variant':
      return recordVariant(command.input, spec, actor);
    case 'record_build_started':
      return recordBuildStarted(command.input, actor);
    case 'record_build_ended':
      return recordBuildEnded(command.input, actor);
    case 'record_scores':
      return recordScores(command.input, spec, actor);
    case 'stop_early':
      return stopEarly(command.input, spec, actor);
    case 'record_winner_sent': {
      const { trainId, candidateId } = command.input;
      if (context.sent?.candidateId === candidateId) return [];
      return actor.facts({ type: 'WinnerSent', v: 1, data: { trainId, candidateId } });
    }
    case 'complete_best_of_n': {
      if (actor.value === 'completed') return [];
      if (!context.sent) return actor.refuse('The winner has not been merged.');
      const { commit, words } = command.input;
      return actor.facts({ type: 'BestOfNCompleted', v: 1, data: { commit, words } });
    }
    case 'fail_best_of_n': {
      if (actor.value === 'failed') return [];
      const { code, reason } = command.input;
      return open(actor) ?? actor.facts({ type: 'BestOfNFailed', v: 1, data: { code, reason } });
    }
    case 'cancel_best_of_n': {
      if (actor.value === 'cancelled') return [];
      const data = { reason: command.input.reason, by: command.actor };
      return open(actor) ?? actor.facts({ type: 'BestOfNCancelled', v: 1, data });
    }
    case 'rescore_best_of_n': {
      const weights = command.input.score === undefined ? spec.weights : knownWeights(command.input, spec);
      return isFailure(weights) ? weights : startRescoring(command.input, weights, command.actor, actor);
    }
    case 'record_rescore':
      return recordRescore(command.input, actor);
    case 'abandon_rescoring':
      return abandonRescoring(command.input, actor);
  }
}

function recordDrafts(input: InputOf<'record_drafts'>, spec: BestOfNSpec, actor: Actor): Decision {
  const { bestOfNId: _id, ...drafting } = input;
  const { context } = actor;
  if (context.drafting) return [];
  if (context.candidates.length > 0) return actor.refuse('Variants have been planned already.');
  if (drafting.asked !== writable(spec).length || drafting.drafts.length > drafting.asked)
    return actor.refuse(`A model can write ${writable(spec).length} of the variants.`);
  return actor.facts({ type: 'DraftsWritten', v: 1, data: drafting });
}

function recordVariant(input: InputOf<'record_variant'>, spec: BestOfNSpec, actor: Actor): Decision {
  const { bestOfNId: _id, ...variant } = input;
  const { candidates } = actor.context;
  if (variant.index < candidates.length) return [];
  if (variant.index !== candidates.length) return actor.refuse(`Variant ${candidates.length} comes next.`);
  const asGiven = canonicalJson(variant.directive) === canonicalJson(spec.directive) && variant.mutators.length === 0;
  if (variant.index === 0 && !asGiven) return actor.refuse('Variant 0 is the directive as it was given.');
  const planned: BestOfNFact = { type: 'VariantPlanned', v: 1, data: variant };
  if (variant.index + 1 < spec.n) return actor.facts(planned);
  return actor.facts(planned, { type: 'BuildingStarted', v: 1, data: { candidates: spec.n } });
}

function recordBuildStarted({ index, taskId }: InputOf<'record_build_started'>, actor: Actor): Decision {
  const candidate = actor.context.candidates[index];
  if (!candidate) return noCandidate(index);
  if (candidate.taskId === taskId) return [];
  if (candidate.taskId !== null) return actor.refuse(`Variant ${index} is built by ${candidate.taskId}.`);
  if (candidate.end) return actor.refuse(`Variant ${index} has ended.`);
  return actor.facts({ type: 'BuildStarted', v: 1, data: { index, taskId } });
}

function recordBuildEnded(input: InputOf<'record_build_ended'>, actor: Actor): Decision {
  const { bestOfNId: _id, ...end } = input;
  const candidate = actor.context.candidates[end.index];
  if (!candidate) return noCandidate(end.index);
  if (candidate.end) return [];
  if (end.outcome === 'passed' && (candidate.taskId === null || end.commit === null))
    return actor.refuse(
      `Variant ${end.index} has passed without ${candidate.taskId === null ? 'a task' : 'any work'}.`,
    );
  const ended: BestOfNFact = { type: 'BuildEnded', v: 1, data: end };
  return actor.facts(...withConsequences(actor.context, actor.value, ended));
}

function recordScores(input: InputOf<'record_scores'>, { weights }: BestOfNSpec, actor: Actor): Decision {
  const { index, scores, judgeMs } = input;
  const candidate = actor.context.candidates[index];
  if (!candidate) return noCandidate(index);
  if (candidate.scores) return [];
  const { end, mutateMs, modelMs } = candidate;
  if (!end || end.commit === null) return actor.refuse(`Variant ${index} has left no work that could be judged.`);
  const relative = scorersOf(weights).filter((scorer) => RELATIVE_SCORERS.includes(scorer));
  if (actor.value === 'building' && relative.length > 0)
    return actor.refuse(`${relative.join(', ')} cannot be told while candidates are being built.`);
  const missing = missingScorers(weights, scores);
  if (missing.length > 0) return actor.refuse(`The scores of variant ${index} lack ${missing.join(', ')}.`);
  const times = { mutateMs, buildMs: end.buildMs, testMs: end.testMs, judgeMs, modelMs };
  const total = totalOfScores(weights, scores);
  const scored: BestOfNFact = { type: 'CandidateScored', v: 1, data: { index, scores, total, times } };
  return actor.facts(...withConsequences(actor.context, actor.value, scored));
}

function stopEarly({ open: spent }: InputOf<'stop_early'>, spec: BestOfNSpec, actor: Actor): Decision {
  const { context } = actor;
  if (context.early) return [];
  if (!spec.earlyStop) return actor.refuse('It was not asked to stop early.');
  const spentOf = (index: number) => spent.find((one) => one.index === index) ?? { buildMs: 0, costUsd: null };
  const winner = settledWinner(prospectsOf(context, spec.weights, spentOf));
  if (winner === null) return rejected('best.not_settled', 'Another candidate may still win.');
  const words = `Variant ${winner} wins however the others end.`;
  const withdrawn = context.candidates
    .filter(({ end }) => end === null)
    .map(({ index }): BestOfNFact => {
      const { buildMs, costUsd } = spentOf(index);
      const nothing = { commit: null, tree: null, changedLines: 0, check: null, testMs: 0 };
      return {
        type: 'BuildEnded',
        v: 1,
        data: { index, outcome: 'withdrawn', reason: words, ...nothing, buildMs, costUsd },
      };
    });
  return actor.facts(...withdrawn, { type: 'ScoringStarted', v: 1, data: { early: true, words } }, selected(context));
}

/** Weights of scorers that exist. The text itself has been read at the way in. */
function knownWeights({ score = '', scorers }: InputOf<'rescore_best_of_n'>, spec: BestOfNSpec): Weights | Rejected {
  const weights = parseWeights(score, [...SCORER_NAMES, ...Object.keys({ ...spec.scorers, ...scorers })]);
  return isFailure(weights) ? rejected('best.unknown_scorer', weights.message) : weights;
}

function noCandidate(index: number): Rejected {
  return rejected('best.no_such_candidate', `There is no variant ${index}.`);
}

function open(actor: Actor): Rejected | null {
  return OVER.includes(actor.value) ? rejected('best.not_open', `It is ${actor.value} already.`) : null;
}

export const bestOfNActor = defineActor<BestOfN, BestOfNFact, BestOfNCommand>({
  kind: 'bestOfN',
  chart: bestOfNChart,
  facts: bestOfNFacts,
  outOfOrder: 'best.out_of_order',
  initial: noBestOfN,
  evolve: evolveBestOfN,
  scope: ({ spec, workflowId }) => ({
    ...(spec && { repositoryId: spec.repository.repositoryId }),
    ...(workflowId !== null && { workflowId }),
  }),
  decide,
});
