import type { CheckRun } from './results.ts';

/** What a repository's runs tell of one check. */
export interface CheckHistory {
  name: string;
  /** How often its command ran, and how often the cache answered. */
  ran: number;
  cached: number;
  failed: number;
  /** How often it failed and then passed on the same files, within a run or between two. */
  flaky: number;
  /** Of those that ran; null where none did. */
  medianMs: number | null;
  savedMs: number;
  lastStatus: string;
}

interface Seen {
  entry: CheckHistory;
  times: number[];
  /** By key, what it came to. */
  verdicts: Map<string, Set<string>>;
}

/** One entry per check, the slowest first. `runs` come newest first. */
export function historyOf(runs: readonly CheckRun[]): CheckHistory[] {
  const byName = new Map<string, Seen>();
  for (const { name, status, cached, attempts, durationMs, key } of runs.flatMap(({ checks }) => checks)) {
    const known: Seen = byName.get(name) ?? { entry: fresh(name, status), times: [], verdicts: new Map() };
    byName.set(name, known);
    const { entry, times, verdicts } = known;
    if (cached) {
      entry.cached += 1;
      entry.savedMs += durationMs;
    } else if (attempts > 0 && status !== 'cancelled') {
      entry.ran += 1;
      times.push(durationMs);
      if (status === 'failed') entry.failed += 1;
      if (status === 'flaky') entry.flaky += 1;
      if (key !== null) verdicts.set(key, (verdicts.get(key) ?? new Set()).add(status));
    }
  }
  const entries = [...byName.values()].map(({ entry, times, verdicts }) => ({
    ...entry,
    flaky: entry.flaky + [...verdicts.values()].filter((seen) => seen.has('failed') && seen.has('passed')).length,
    medianMs: median(times),
  }));
  return entries.sort((a, b) => (b.medianMs ?? -1) - (a.medianMs ?? -1));
}

function fresh(name: string, lastStatus: string): CheckHistory {
  return { name, ran: 0, cached: 0, failed: 0, flaky: 0, medianMs: null, savedMs: 0, lastStatus };
}

function median(times: readonly number[]): number | null {
  return times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) / 2)] ?? null;
}
