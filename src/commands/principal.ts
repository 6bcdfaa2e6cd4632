import type { Principal } from '../kernel/principal.ts';

export type { Principal };

export const SERVER: Principal = { role: 'server', id: 'server' };
export const OPERATOR: Principal = { role: 'operator', id: 'operator' };

/** A process of the system, named by its story. */
export function processPrincipal(story: string): Principal {
  return { role: 'server', id: `process:${story}` };
}
