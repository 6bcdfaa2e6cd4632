import { deriveId } from '../../kernel/ids.ts';
import type { BestOfN } from './machine.ts';

/** The run of one that was started for itself. */
export function ownRunIdOf(bestOfNId: string): string {
  return deriveId('wfl', [bestOfNId], bestOfNId);
}

/** The run that holds its candidates, also before it has any; null while that is only known to the task that it works for. */
export function runIdOf({ workflowId, spec }: BestOfN): string | null {
  if (workflowId !== null || !spec) return workflowId;
  return spec.taskId === undefined ? ownRunIdOf(spec.bestOfNId) : null;
}
