import { type CommandBus, type Principal, SERVER } from '../commands/index.ts';
import { denied, type Failure } from '../kernel/errors.ts';

/**
 * Who an agent is, its token says. Ids in a header or a body are assertions: one that contradicts the token is refused
 * and recorded, because somebody tried to be somebody else.
 */
export function contradiction(principal: Principal, claimed: unknown): Failure | null {
  if (claimed === undefined || claimed === principal.agent?.agentId) return null;
  const who = principal.agent ? `agent ${principal.agent.agentId}` : `the ${principal.role}`;
  return denied('auth.impersonation', `The token is that of ${who}, the request names another agent.`);
}

/** Keeps in an agent's own stream what it was refused; of others nothing is recorded. Never throws for the agent's end. */
export async function recordDenial(bus: CommandBus, principal: Principal, what: string, refusal: Failure) {
  if (!principal.agent) return;
  const input = {
    agentId: principal.agent.agentId,
    what: what.slice(0, 200),
    code: refusal.code,
    text: refusal.message.slice(0, 1000),
  };
  await bus.execute({ name: 'record_denial', input, principal: SERVER });
}
