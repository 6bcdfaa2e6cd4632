import { rejected, type Rejected } from '../../kernel/errors.ts';
import type { Proposer } from '../define-actor.ts';
import type { AgentCommand } from './commands.ts';
import type { AgentFact } from './events.ts';
import type { Agent } from './state.ts';
import { ASKED_MAX, type Asked, type Effect } from './takes.ts';

/** What a person says to an agent that works. The fact is that it was said; a process types it and tells what came of it. */
type Actor = Proposer<Agent, AgentFact>;
type Ask<N extends AgentCommand['name']> = Extract<AgentCommand, { name: N }>;

export function message(command: Ask<'message_agent'>, actor: Actor): AgentFact[] | Rejected {
  const { agent, agentId, taskId, takes } = actor.context;
  const refusal = notReached(actor, `Leave it for the next attempt: heph task message ${taskId} "…"`);
  if (refusal) return refusal;
  if (takes.messages === 'none') {
    const words = `${agent} reads no message while it works. Leave it for the next attempt (heph task message ${taskId} "…"), and stop this one (heph agent stop ${agentId}) if that is to begin now.`;
    return rejected('agent.takes_no_messages', words, { agent, taskId });
  }
  const data = { messageId: command.id, text: command.input.text, by: command.actor };
  return actor.facts({ type: 'MessageSent', v: 1, data });
}

export function interrupt(command: Ask<'interrupt_agent'>, actor: Actor): AgentFact[] | Rejected {
  const { agent, agentId, takes, asked } = actor.context;
  const refusal = notReached(actor, 'There is nothing to interrupt.');
  if (refusal) return refusal;
  if (takes.interrupt === 'none') {
    const words = `${agent} cannot be interrupted: it would end. Stop it with heph agent stop ${agentId}; its task is tried again.`;
    return rejected('agent.takes_no_interrupt', words, { agent });
  }
  // One is on its way; a second key press could mean something else to the program.
  if (asked.some(({ what }) => what === 'interrupt')) return [];
  const data = { interruptId: command.id, reason: command.input.reason, by: command.actor };
  return actor.facts({ type: 'InterruptRequested', v: 1, data });
}

export function deliver(command: Ask<'record_delivery'>, actor: Actor): AgentFact[] | Rejected {
  const { id, effect, reason } = command.input;
  const asked = actor.context.asked.find((one) => one.id === id);
  if (!asked) return [];
  if (effect === null) return actor.facts(failed(asked, reason));
  const arrived = delivered(asked, effect);
  // It had asked for a word and has got one.
  if (asked.what === 'message' && effect === 'output' && actor.value === 'live.needs_input') {
    const evidence = 'A message was typed into its terminal, and it printed something after it.';
    return actor.facts(arrived, { type: 'AgentWorking', v: 1, data: { evidence } });
  }
  return actor.facts(arrived);
}

/** With an agent's end it is settled of everything that was still on its way to it. */
export function undelivered({ context, value }: Actor): AgentFact[] {
  if (!value.startsWith('live.') && value !== 'stopping') return [];
  return context.asked.map((one) => failed(one, 'The agent ended before it was known that this had been typed.'));
}

function notReached(actor: Actor, next: string): Rejected | null {
  const { value, context } = actor;
  if (value === 'exited' || value === 'lost') return rejected('agent.not_live', `The agent has ended. ${next}`);
  if (!value.startsWith('live.')) return rejected('agent.not_live', `The agent is ${value}, not at work. ${next}`);
  if (context.asked.length < ASKED_MAX) return null;
  return rejected(
    'agent.not_listening',
    `${ASKED_MAX} messages are on their way to the agent already; wait, or stop it.`,
  );
}

function delivered({ id, what }: Asked, effect: Effect): AgentFact {
  return what === 'message'
    ? { type: 'MessageDelivered', v: 1, data: { messageId: id, effect } }
    : { type: 'InterruptDelivered', v: 1, data: { interruptId: id, effect } };
}

function failed({ id, what }: Asked, reason: string): AgentFact {
  return what === 'message'
    ? { type: 'MessageUndelivered', v: 1, data: { messageId: id, reason } }
    : { type: 'InterruptUndelivered', v: 1, data: { interruptId: id, reason } };
}
