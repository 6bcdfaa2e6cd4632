import type { Role } from '../machines/define-commands.ts';

/** Who asks, as the token says; never as the request says. */
export interface Principal {
  role: Role;
  /** `operator`, `agent:<id>`, `process:<story>`, `server`. */
  id: string;
  /** For an agent: what it was started for. */
  agent?: { agentId: string; taskId: string; workflowId: string; allowedTools: readonly string[] };
}

export const SERVER: Principal = { role: 'server', id: 'server' };
export const OPERATOR: Principal = { role: 'operator', id: 'operator' };

/** A process of the system, named by its story. */
export function processPrincipal(story: string): Principal {
  return { role: 'server', id: `process:${story}` };
}
