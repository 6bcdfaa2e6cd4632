import type { Clock } from '../kernel/clock.ts';

/** Restarts a crashing actor with growing pauses; too many crashes in a row and it stays down, visibly. */
const CRASHES_MAX = 3;
const WINDOW_MS = 60_000;
const PAUSE_MS = 100;

export interface Supervisor {
  /** How long to wait before the actor may work again; 0 for a healthy one. */
  pauseMs(stream: string): number;
  crashed(stream: string, reason: string): void;
  quarantine(stream: string, reason: string): void;
  /** Why a stream takes no commands, or undefined. */
  reasonFor(stream: string): string | undefined;
  quarantined(): { stream: string; reason: string }[];
}

export function createSupervisor(clock: Clock): Supervisor {
  const crashes = new Map<string, number[]>();
  const down = new Map<string, string>();
  return {
    pauseMs(stream) {
      const times = crashes.get(stream);
      const last = times?.at(-1);
      if (!times || last === undefined) return 0;
      return Math.max(0, last + PAUSE_MS * 2 ** (times.length - 1) - clock.monotonicMs());
    },
    crashed(stream, reason) {
      const now = clock.monotonicMs();
      const times = (crashes.get(stream) ?? []).filter((time) => now - time < WINDOW_MS);
      times.push(now);
      crashes.set(stream, times);
      if (times.length > CRASHES_MAX) down.set(stream, `it crashed ${times.length} times within a minute: ${reason}`);
    },
    quarantine: (stream, reason) => void down.set(stream, reason),
    reasonFor: (stream) => down.get(stream),
    quarantined: () => [...down].map(([stream, reason]) => ({ stream, reason })),
  };
}
