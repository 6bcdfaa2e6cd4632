import { rejected, type Rejected } from '../../kernel/errors.ts';
import { wordOf } from '../../kernel/state-words.ts';
import type { Proposer } from '../define-actor.ts';
import type { WorkflowCommand } from './commands.ts';
import type { WorkflowFact } from './events.ts';
import type { Workflow } from './machine.ts';
import { criteriaOf, type CriterionVerdict, isPending, resultPolicy, type RunResult } from './result.ts';

type Actor = Proposer<Workflow, WorkflowFact>;
type Decision = WorkflowFact[] | Rejected;
type Said<N extends WorkflowCommand['name']> = Extract<WorkflowCommand, { name: N }>;

export function decideResult(
  command: Said<'submit_result' | 'request_result_review' | 'accept_result' | 'reject_result'>,
  actor: Actor,
): Decision {
  if (command.name === 'submit_result') return submit(command, actor);
  const { workflowId: _same, ...judged } = command.input;
  const result = actor.context.results.find(({ submission }) => submission === judged.submission);
  if (!result) return actor.refuse(`There is no submission ${judged.submission} of the result.`);
  const unanswered = answersAll(judged.criteria, actor);
  if (unanswered) return unanswered;
  const { commit } = result;
  switch (command.name) {
    case 'request_result_review': {
      if (result.status !== 'submitted') return [];
      const { workflowId: _id, ...data } = command.input;
      return actor.facts({ type: 'ResultReviewRequested', v: 1, data });
    }
    case 'accept_result':
      if (!isPending(result)) return [];
      return (
        notMet(judged.criteria, actor) ?? actor.facts({ type: 'ResultAccepted', v: 1, data: { ...judged, commit } })
      );
    case 'reject_result': {
      if (!isPending(result)) return [];
      const { workflowId: _id, ...data } = command.input;
      return actor.facts({ type: 'ResultRejected', v: 1, data: { ...data, commit } });
    }
  }
}

function submit({ input, actor: by }: Said<'submit_result'>, actor: Actor): Decision {
  const { results, definition, delivering } = actor.context;
  const last = results.at(-1);
  const { workflowId: _same, ...said } = input;
  if (last && isSame(last, said, by)) return [];
  if (delivering) return actor.refuse('The result is being delivered already.');
  return (
    notYours(by, actor) ??
    standing(last, by) ??
    exhausted(results, definition.rounds_max) ??
    actor.facts({ type: 'ResultSubmitted', v: 1, data: { submission: results.length + 1, by, ...said } })
  );
}

/** Said twice, true once. */
function isSame(last: RunResult, said: { commit: string; summary: string }, by: string): boolean {
  const stands = isPending(last) || last.status === 'accepted';
  return stands && last.by === by && last.commit === said.commit && last.summary === said.summary;
}

function notYours(by: string, { context }: Actor): Rejected | null {
  const { submitted_by } = resultPolicy(context.definition);
  if (!by.startsWith('agent:') || submitted_by === 'agents') return null;
  return rejected('result.not_yours', `The template says that the result is submitted by ${submitted_by}.`);
}

/** One submission at a time; what was accepted is replaced by the server alone, when more was merged after it. */
function standing(last: RunResult | undefined, by: string): Rejected | null {
  if (!last) return null;
  if (isPending(last))
    return rejected('result.pending', `Submission ${last.submission} of the result is being judged.`);
  const isServers = by.startsWith('process:') || by === 'server';
  if (last.status !== 'accepted' || isServers) return null;
  return rejected('result.accepted', `Submission ${last.submission} of the result was accepted.`);
}

function exhausted(results: RunResult[], roundsMax: number): Rejected | null {
  const refused = results.filter(({ status }) => status === 'rejected').length;
  if (refused < roundsMax) return null;
  return rejected('result.rounds_exhausted', `${refused} submissions were rejected, and rounds_max is ${roundsMax}.`);
}

function answersAll(criteria: readonly CriterionVerdict[], actor: Actor): Rejected | null {
  const wanted = criteriaOf(actor.context.definition).map(({ text }) => text);
  const same = wanted.length === criteria.length && wanted.every((text, at) => criteria[at]?.criterion === text);
  if (same) return null;
  return rejected(
    'result.criteria_unanswered',
    `The template has ${wanted.length} criteria; answer each of them once.`,
  );
}

/** Nothing against it, and where the template asks a reviewer an answer to everything. */
function notMet(criteria: readonly CriterionVerdict[], actor: Actor): Rejected | null {
  const { review } = resultPolicy(actor.context.definition);
  const open = criteria.filter(({ verdict }) => verdict === 'fail' || (review && verdict === 'not_judged'));
  if (open.length === 0) return null;
  const words = open.map(({ criterion, verdict }) => `${criterion} (${wordOf(verdict)})`);
  return rejected('result.criteria_unanswered', `It cannot be accepted: ${words.join('; ')}`);
}
