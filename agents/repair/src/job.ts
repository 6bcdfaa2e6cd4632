import { stripVTControlCharacters } from 'node:util';
import { CannotDo } from './cannot-do.ts';
import type { Hephaestus, Task } from './hephaestus.ts';
import type { Sandboxes } from './sandbox.ts';
import { runSuite, type SuiteRun } from './suite/run-suite.ts';
import type { Suite } from './suite/suite.ts';
import type { Variation } from './variation.ts';

/** What both roles work with. */
export interface Job {
  task: Task;
  worktree: string;
  suite: Suite;
  heph: Hephaestus;
  sandboxes: Sandboxes;
  variation: Variation;
  /** Milliseconds of the budget that are left, never negative. */
  leftMs(): number;
  /** Tells Hephaestus and whoever looks at the terminal; `fraction` of the way, 0 to 1. */
  tell(message: string, fraction: number): Promise<void>;
  /** Tests that ran so far, over all runs. */
  testsRun: number;
  signal: AbortSignal;
}

/** Runs the suite in a copy, counting its tests. */
export async function runCounted(
  job: Job,
  directory: string,
  options: { files?: readonly string[] | undefined; coverage?: boolean; timeoutMs: number },
): Promise<SuiteRun> {
  const { suite, sandboxes, signal } = job;
  const { files, coverage = false, timeoutMs } = options;
  const run = await runSuite(suite, {
    directory,
    coverage,
    timeoutMs: Math.max(1, Math.ceil(timeoutMs)),
    scratch: sandboxes.scratch,
    signal,
    ...(files && { files }),
  });
  job.testsRun += run.results.length;
  return run;
}

/** The longest a suite may take unchanged; one that takes longer cannot be run for every candidate anyway. */
export const BASELINE_MS_MAX = 300_000;

/** Throws `CannotDo` when a first run shows no test at all, or did not come to its end. */
export function expectResults(run: SuiteRun, check: string): void {
  const tail = clip(run.tail.trim().slice(-TAIL_CHARS));
  if (run.timedOut) throw new CannotDo(`${check} did not end within ${Math.round(run.durationMs / 1000)} s`);
  if (run.results.length === 0) throw new CannotDo(`${check} reported no test${tail && `; it said: ${tail}`}`);
}

const TAIL_CHARS = 600;
const MESSAGE_CHARS = 300;

/** A message short enough for an event and safe to print. */
export function clip(text: string, max = MESSAGE_CHARS): string {
  const clean = stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]/gu, '');
  return clean.length <= max ? clean : `${clean.slice(0, max - 1)}…`;
}

export const count = (n: number, thing: string) => `${n} ${thing}${n === 1 ? '' : 's'}`;
