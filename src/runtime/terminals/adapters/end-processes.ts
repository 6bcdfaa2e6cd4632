import { type Clock, sleep } from '../../../kernel/clock.ts';
import { isAlive, type ProcessEntry } from './processes.ts';

const LOOK_AGAIN_MS = 15;
const KILL_ROUNDS_MAX = 200;
const SOFT_SIGNALS = ['SIGHUP', 'SIGTERM', 'SIGCONT'] as const;

export interface EndRequest {
  /** Looks for whoever is left; asked again until it finds nobody. */
  find(): ProcessEntry[];
  /** On the clock's monotonic time. Read again each time, so that a second, less patient request shortens the wait. */
  killAt(): number;
  clock: Clock;
}

/**
 * Ends processes: SIGHUP and SIGTERM (with SIGCONT, so that a stopped one hears it), after the deadline SIGKILL, and again
 * for those that were born meanwhile. Answers who is left: nobody, unless the kernel itself cannot end one.
 */
export async function endProcesses({ find, killAt, clock }: EndRequest): Promise<ProcessEntry[]> {
  const asked = new Set<string>();
  let left = find();
  while (left.length > 0 && clock.monotonicMs() < killAt()) {
    for (const entry of left) if (!asked.has(nameOf(entry))) signal(entry, SOFT_SIGNALS);
    for (const entry of left) asked.add(nameOf(entry));
    while (left.some((entry) => isAlive(entry.pid, entry.ticks)) && clock.monotonicMs() < killAt())
      await sleep(clock, LOOK_AGAIN_MS);
    left = find();
  }
  for (let round = 0; left.length > 0 && round < KILL_ROUNDS_MAX; round++) {
    for (const entry of left) signal(entry, ['SIGKILL']);
    await sleep(clock, LOOK_AGAIN_MS);
    left = find();
  }
  return left;
}

function signal(entry: ProcessEntry, signals: readonly NodeJS.Signals[]): void {
  for (const name of signals) {
    try {
      process.kill(entry.pid, name);
    } catch {
      return; // It is gone already, or not ours to end; the next look tells.
    }
  }
}

function nameOf(entry: ProcessEntry): string {
  return `${entry.pid}:${entry.ticks}`;
}
