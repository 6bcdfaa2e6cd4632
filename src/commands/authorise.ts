import type { CatalogueCommand } from '../actors/catalogue.ts';
import { denied, type Failure } from '../kernel/errors.ts';
import type { Principal } from './principal.ts';

/**
 * Deny by default: the role must be listed, and an agent acts on the task it was started for, with the tools of its
 * phase. Whose task an agent may speak for is decided a second time, by the task itself.
 */
export function authorise(
  command: CatalogueCommand,
  input: Record<string, unknown>,
  principal: Principal,
): Failure | null {
  if (principal.role === 'server') return null;
  if (!command.roles.includes(principal.role))
    return denied('auth.role', `${command.name} is not for the role ${principal.role}.`);
  if (principal.role !== 'worker') return null;
  const agent = principal.agent;
  if (!agent?.allowedTools.includes(command.name)) {
    return denied(
      'auth.tool_not_allowed',
      `This phase allows ${agent?.allowedTools.join(', ') || 'nothing'}, not ${command.name}.`,
    );
  }
  if (input.taskId !== undefined && input.taskId !== agent.taskId)
    return denied('auth.not_yours', `Your task is ${agent.taskId}.`);
  if (input.workflowId !== undefined && input.workflowId !== agent.workflowId) {
    return denied('auth.not_yours', `Your workflow is ${agent.workflowId}.`);
  }
  return null;
}
