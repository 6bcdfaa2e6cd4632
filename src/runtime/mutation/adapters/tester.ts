import type { Edit } from '../../../../agents/repair/src/patch/edit.ts';

/** The check as a witness: did it notice? */
export interface Tester {
  /** Runs the check on the unchanged tree; comes before everything else. */
  baseline(timeoutMs: number): Promise<Baseline>;
  /** Test files that were seen to run a place; null where that is not known. */
  witnesses(place: { file: string; edit: Edit }): string[] | null;
  /** Runs some test files or, with null, the whole check, on the tree as it is now. */
  run(files: readonly string[] | null, timeoutMs: number): Promise<Verdict>;
}

/** `reason`: why nothing can be measured with this check. */
export type Baseline = { fit: true; durationMs: number } | { fit: false; reason: string };

export type Verdict = 'noticed' | 'unnoticed' | 'timed_out';
