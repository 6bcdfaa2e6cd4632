import { rejected, type Rejected } from '../../kernel/errors.ts';
import { wordOf } from '../../kernel/state-words.ts';
import type { Proposer } from '../define-actor.ts';
import type { TaskFact } from './events.ts';
import type { Task } from './machine.ts';

export type Actor = Proposer<Task, TaskFact>;

const WAITING = ['pending', 'blocked', 'queued', 'needs_work'];
export const ENDED = ['done', 'failed', 'cancelled', 'duplicated'];

/** An agent speaks for the attempt it was started for, and for no other. */
export function owned(principal: string, actor: Actor): Rejected | null {
  if (!principal.startsWith('agent:') || principal === `agent:${actor.context.agentId}`) return null;
  return rejected('task.not_assigned', 'The task is not assigned to this agent (any more).');
}

/** Between two attempts the task is nobody's: the agent of the failed one cannot end it. */
export function idle(principal: string, actor: Actor): Rejected | null {
  if (!principal.startsWith('agent:') || !WAITING.includes(actor.value)) return null;
  return rejected('task.not_assigned', `The task is ${wordOf(actor.value)}; no agent works on it.`);
}

export function open(actor: Actor): Rejected | null {
  return ENDED.includes(actor.value) ? notOpen(actor) : null;
}

export function notOpen(actor: Actor): Rejected {
  return rejected('task.not_open', `The task is ${wordOf(actor.value)} already.`);
}

export function notWaiting(actor: Actor): Rejected {
  return rejected('task.not_queued', `The task is ${wordOf(actor.value)}, not waiting in the queue.`);
}

export function stale(actor: Actor, attempt: number): Rejected {
  return rejected('task.stale_attempt', `That concerns attempt ${attempt}; the task is at ${actor.context.attempt}.`);
}
