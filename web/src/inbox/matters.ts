import type { Evidence } from '../app/explained.ts';
import { pathTo } from '../app/router.ts';

/** A row of the view `inbox`: something that needs a person. */
export interface Matter {
  matterId: string;
  kind: string;
  title: string;
  text: string;
  /** Something stands still until somebody acts. */
  blocks: boolean;
  workflowId: string | null;
  taskId: string | null;
  agentId: string | null;
  steps: Step[];
  evidence: Evidence;
}

export interface Step {
  words: string;
  /** Null: nothing that the page can do by one press. */
  command: string | null;
  input: Record<string, unknown>;
  shell: string;
}

/** Where a matter can be looked into. */
export function placeOf({ kind, taskId, workflowId, agentId }: Matter): string {
  if (taskId !== null) return pathTo('task', [taskId], { agent: agentId ?? undefined });
  if (workflowId !== null) return pathTo('workflows', [workflowId]);
  return kind.startsWith('fleet_') || kind === 'agents_stopped' ? pathTo('queue') : pathTo('inbox');
}

/** The one after the last that was gone to, round and round; null when nothing waits. */
export function nextMatter(matters: readonly Matter[], last: string | null): Matter | null {
  const at = matters.findIndex(({ matterId }) => matterId === last);
  return matters[at + 1] ?? matters[0] ?? null;
}

/** Which are new since the last look. With the first look nothing is: what waited before the page was opened is no news. */
export function newsOf(
  known: ReadonlySet<string> | null,
  matters: readonly Matter[],
): { known: ReadonlySet<string>; fresh: Matter[] } {
  const fresh = known === null ? [] : matters.filter(({ matterId }) => !known.has(matterId));
  return { known: new Set([...(known ?? []), ...matters.map(({ matterId }) => matterId)]), fresh };
}
