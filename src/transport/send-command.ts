import type { CommandBus, Principal } from '../commands/index.ts';
import { type Failure, isFailure } from '../kernel/errors.ts';
import { type AcceptedBody, acceptedBody } from './answers.ts';
import { contradiction, recordDenial } from './denials.ts';

/** A command as REST and WebSocket take it: one that names another agent than its token does is refused and recorded. */
export async function sendCommand(
  bus: CommandBus,
  command: { name: string; input: unknown; principal: Principal; idempotencyKey?: string | undefined },
): Promise<AcceptedBody | Failure> {
  const { name, input, principal, idempotencyKey } = command;
  const foreign = principal.agent && contradiction(principal, (input as { agentId?: unknown } | null)?.agentId);
  if (foreign) {
    await recordDenial(bus, principal, name, foreign);
    return foreign;
  }
  const result = await bus.execute({ name, input, principal, ...(idempotencyKey !== undefined && { idempotencyKey }) });
  return isFailure(result) ? result : acceptedBody(name, result);
}
