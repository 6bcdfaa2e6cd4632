import { deriveId } from '../../kernel/ids.ts';
import type { BestOfNSpec } from '../best-of-n/events.ts';
import type { Task } from './machine.ts';

/** Several candidates work for the task instead of an agent; the best of them is its work. */
export function hasCandidates({ candidates }: Pick<Task['spec'], 'candidates'>): boolean {
  return candidates !== undefined;
}

/** The server itself works on it: it judges the run's branch as it is. */
export function isServersOwn(spec: Pick<Task['spec'], 'agent' | 'candidates'>): boolean {
  return spec.agent === null && !hasCandidates(spec);
}

/** The best-of-N of the task's attempt, of the first one before any; null when an agent or the server works on it. Each attempt has one of its own. */
export function bestOfNIdOf({ spec: { candidates }, attempt }: Task): string | null {
  if (!candidates) return null;
  const { bestOfNId } = candidates;
  return attempt <= 1 ? bestOfNId : deriveId('bon', [bestOfNId, String(attempt)], bestOfNId);
}

/** What that best-of-N is started with; a further one has another seed, so that its variants are others. */
export function bestOfNSpecOf(task: Task): BestOfNSpec | null {
  const { candidates } = task.spec;
  const bestOfNId = bestOfNIdOf(task);
  if (!candidates || bestOfNId === null) return null;
  const seed = (candidates.seed + Math.max(0, task.attempt - 1)) % 2 ** 31;
  return { ...candidates, bestOfNId, seed };
}
