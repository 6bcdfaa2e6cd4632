import { canonicalJson } from '../../kernel/canonical.ts';
import type { Clock } from '../../kernel/clock.ts';
import { Defect, messageOf } from '../../kernel/errors.ts';
import type { ProjectionHost } from '../../projections/index.ts';
import { type ViewVersion, versionOf } from './view-version.ts';

/** Views that somebody looks at: each is rendered once for all who look, and no more often than it can be afforded. */
export interface LiveViews {
  /** Throws as `ProjectionHost.view`. */
  open(name: string, params: Record<string, unknown>): Promise<LiveView>;
  /** Looks again at what changes by time alone. */
  refresh(): void;
}

export interface LiveView {
  /** Throws what makes that there will be no further version. */
  current(): ViewVersion;
  /** Calls back when the current version may be another one, or there will be none; the returned function ends it. */
  watch(listener: () => void): () => void;
  /** Resolves when the current version is at the position or behind it. Throws Invalid `position.ahead`. */
  reached(position: bigint, signal: AbortSignal): Promise<void>;
  /** Nobody looks through this any more. Safe twice. */
  release(): void;
}

/** A view is rendered for a fifth of the time at most, but at least every other second. */
const PACE = 4;
const PACE_MIN_MS = 10;
const PACE_MAX_MS = 2_000;

interface Shared {
  view: Omit<LiveView, 'release'>;
  look(): void;
  end(): void;
  lookers: number;
}

export function createLiveViews(parts: { views: ProjectionHost; clock: Clock; reached: Reached }): LiveViews {
  const shared = new Map<string, Promise<Shared>>();
  const open = new Set<Shared>();

  async function begin(name: string, params: Record<string, unknown>): Promise<Shared> {
    const made = await follow(name, params, parts);
    open.add(made);
    return made;
  }

  return {
    async open(name, params) {
      const key = canonicalJson([name, params]);
      const known = shared.get(key) ?? begin(name, params);
      shared.set(key, known);
      const one = await known.catch((error: unknown) => {
        shared.delete(key);
        throw error;
      });
      one.lookers++;
      let released = false;
      return {
        ...one.view,
        release() {
          if (released) return;
          released = true;
          if (--one.lookers > 0) return;
          if (shared.get(key) === known) shared.delete(key);
          open.delete(one);
          one.end();
        },
      };
    },
    refresh() {
      for (const one of open) one.look();
    },
  };
}

type Reached = (position: bigint, signal: AbortSignal) => Promise<void>;

async function follow(
  name: string,
  params: Record<string, unknown>,
  { views, clock, reached }: { views: ProjectionHost; clock: Clock; reached: Reached },
): Promise<Shared> {
  let current = versionOf(await views.view(name, params));
  const listeners = new Set<() => void>();
  let failed: Error | null = null;
  let isDirty = false;
  let isPlanned = false;
  let isOver = false;
  let endedAt = clock.monotonicMs();
  let costMs = 0;

  function look(): void {
    isDirty = true;
    if (isPlanned || isOver || failed) return;
    isPlanned = true;
    const pause = Math.min(PACE_MAX_MS, Math.max(PACE_MIN_MS, PACE * costMs));
    const waitMs = endedAt + pause - clock.monotonicMs();
    clock.after(Math.max(0, waitMs), () => void render());
  }

  async function render(): Promise<void> {
    if (isOver) return;
    isDirty = false;
    const startedAt = clock.monotonicMs();
    try {
      current = versionOf(await views.view(name, params));
    } catch (error) {
      failed = error instanceof Error ? error : new Defect(messageOf(error));
    }
    endedAt = clock.monotonicMs();
    costMs = endedAt - startedAt;
    isPlanned = false;
    for (const listener of [...listeners]) listener();
    if (isDirty) look();
  }

  const unwatch = views.watch(look);
  // What came between the first look and the watch.
  look();

  function now(): ViewVersion {
    if (failed) throw failed;
    return current;
  }

  function watch(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Resolves after the next look. */
  function looked(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        off();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const off = watch(done);
      signal.addEventListener('abort', done, { once: true });
      look();
    });
  }

  return {
    lookers: 0,
    look,
    end() {
      isOver = true;
      unwatch();
    },
    view: {
      current: now,
      watch,
      async reached(position, signal) {
        await reached(position, signal);
        while (now().position < position && !signal.aborted) await looked(signal);
      },
    },
  };
}
