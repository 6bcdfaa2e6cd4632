import { canonicalJson } from '../../kernel/canonical.ts';
import { rejected, type Rejected } from '../../kernel/errors.ts';
import type { TaskCommand } from './commands.ts';
import type { TaskFact } from './events.ts';
import type { Task } from './machine.ts';
import { type Actor, idle, open, owned } from './refusals.ts';

type Decision = TaskFact[] | Rejected;

export function giveReview(command: Extract<TaskCommand, { name: 'give_validation_review' }>, actor: Actor): Decision {
  const task = actor.context;
  if (!task.spec.review?.taskId) return rejected('task.wrong_outcome', 'This task reviews no other one.');
  const { taskId: _taskId, ...said } = command.input;
  const notYours = owned(command.actor, actor) ?? idle(command.actor, actor);
  if (notYours) return notYours;
  // Said twice, true once; a verdict that was given is not taken back.
  if (task.given && canonicalJson(task.given) === canonicalJson(said)) return [];
  const given: TaskFact = { type: 'ReviewGiven', v: 1, data: { ...said, by: command.actor } };
  return endReview(actor, given, `${said.verdict}: ${said.feedback || said.evidence}`);
}

export function giveValidation(
  command: Extract<TaskCommand, { name: 'submit_result_validation' }>,
  actor: Actor,
): Decision {
  const task = actor.context;
  const { criteria = [], submission } = task.spec.review ?? {};
  if (submission === undefined) return rejected('task.wrong_outcome', 'This task judges no result of a run.');
  const { taskId: _taskId, ...said } = command.input;
  const notYours = owned(command.actor, actor) ?? idle(command.actor, actor);
  if (notYours) return notYours;
  if (task.validated && canonicalJson(task.validated) === canonicalJson(said)) return [];
  const count = (wanted: number) => said.criteria.filter(({ criterion }) => criterion === wanted).length;
  const wrong = criteria.map((_text, at) => at + 1).filter((number) => count(number) !== 1);
  const unknown = said.criteria.filter(({ criterion }) => criterion > criteria.length);
  if (wrong.length > 0 || unknown.length > 0) {
    const which = [...wrong, ...unknown.map(({ criterion }) => criterion)].join(', ');
    const words = `There are ${criteria.length} criteria; answer each once. Not so: ${which}.`;
    return rejected('result.criteria_unanswered', words);
  }
  const given: TaskFact = { type: 'ResultValidationGiven', v: 1, data: { ...said, by: command.actor } };
  const met = said.criteria.filter(({ verdict }) => verdict === 'pass').length;
  return endReview(actor, given, `${met} of ${criteria.length} criteria met. ${said.feedback}`.trim());
}

/** A verdict ends the review, also when it comes before the word that the reviewer lives. */
function endReview(actor: Actor, given: TaskFact, summary: string): Decision {
  const { agentId, attempt } = actor.context;
  const started: TaskFact[] =
    actor.value === 'assigned' ? [{ type: 'TaskStarted', v: 1, data: { agentId, attempt } }] : [];
  return open(actor) ?? actor.facts(...started, given, { type: 'TaskCompleted', v: 1, data: { summary } });
}

/** The command that a review ends with. */
export function endOf({ submission }: NonNullable<Task['spec']['review']>): string {
  return submission === undefined ? 'give_validation_review' : 'submit_result_validation';
}
