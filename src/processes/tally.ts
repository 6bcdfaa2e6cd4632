import type { Task } from '../machines/task/index.ts';

/** What is asked of a workflow's tasks again and again, counted as they change instead of over all of them. */
export interface Tally {
  /** Tasks that have not ended, by the index of their phase. */
  open: number[];
  /** Where in the log the youngest task of each phase was created. */
  lastCreated: Map<string, number>;
  costUsd: number;
  tokens: number;
}

export function emptyTally(): Tally {
  return { open: [], lastCreated: new Map(), costUsd: 0, tokens: 0 };
}

/** Counts a task in, or with `sign` −1 what it was before out; `open` is what it adds to the open ones. */
export function addTask(tally: Tally, task: { context: Task; began: number }, open: number, sign: 1 | -1 = 1): void {
  const { spec, usage } = task.context;
  for (let index = tally.open.length; index <= spec.phaseIndex; index++) tally.open.push(0);
  tally.open[spec.phaseIndex] = (tally.open[spec.phaseIndex] as number) + open;
  // A review belongs to no round of the phase that it stands in.
  if (!spec.review) tally.lastCreated.set(spec.phase, Math.max(tally.lastCreated.get(spec.phase) ?? 0, task.began));
  tally.costUsd += sign * usage.costUsd;
  tally.tokens += sign * (usage.inputTokens + usage.outputTokens);
}
