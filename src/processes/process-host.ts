import type { CommandBus } from '../commands/index.ts';
import { type Clock, sleep } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import { createLiveFold, type LiveFold, type Projection, type Snapshots } from '../projections/index.ts';
import type { Runner } from '../runtime/runner.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { EventStore, StoredEvent, SubscriptionItem } from '../store/event-store.ts';
import type { Process } from './define-process.ts';
import { createDuties, FOLLOWING } from './duties.ts';
import type { Entity } from './entity.ts';
import { handsOf, type HandsParts } from './hands.ts';
import { assertHeld, fencedRunner, type Lease } from './lease.ts';
import { relatedTo } from './related.ts';
import { type SavedWorld, World } from './world.ts';

/** The pause before the log is followed again after it could not be read. */
const FOLLOW_AGAIN_MS = 1_000;
const FENCED = 'lease of this server';

export interface ProcessHost {
  readonly world: World;
  /** Folds the log; silent until it has caught up, then discharges. Resolves when caught up; `beforeLive` comes just before. */
  start(beforeLive?: (world: World) => void): Promise<void>;
  /** Looks again at an entity, on a hint from outside the log (an exit, output). */
  look(kind: string, id: string): void;
  /** Resolves when the world has applied everything up to the position. */
  waitFor(position: bigint): Promise<void>;
  /** Nothing is being done, and nothing waits for its moment. */
  isIdle(): boolean;
  stuck(): { process: string; key: string; reason: string }[];
  /** No new work; waits for what is under way, at most `drainMs`. */
  stop(drainMs: number): Promise<void>;
}

export interface ProcessHostParts {
  store: EventStore;
  bus: CommandBus;
  runner: Runner;
  blobs: BlobStore;
  clock: Clock;
  log: Log;
  processes: readonly Process[];
  /** Saved states, disposable; without them every start folds the whole log. */
  snapshots?: Snapshots;
  /** Where several servers share the log: for which runner this one acts, and its right to. */
  acts?: { runnerId: string; lease: Lease };
  /**
   * Throws Fault `log.fenced` once another server has the log. Asked before each effect: a server that was frozen and
   * wakes up has effects before it that are its successor's now, and an append would tell it too late.
   */
  assertOwner?: () => void;
  /** The settings have changed in the log. */
  onConfig?: () => void;
}

/** Saved after so many events, and when it stops. */
const SAVE_EVERY = 20_000;

/** The world as any other fold, so that it is saved and restored as they are; nobody asks it for rows. */
function worldProjection(fold: (world: World, event: StoredEvent) => void): Projection {
  return {
    name: 'processes',
    // Raised whenever an entity, or the context of an actor, changes its shape.
    v: 11,
    init: () => new World(),
    fold: (state, event) => fold(state as World, event),
    render: () => ({ rows: {}, summary: {} }),
    save: (state) => (state as World).save(),
    restore: (saved) => World.restore(saved as SavedWorld),
  };
}

export function createProcessHost(parts: ProcessHostParts): ProcessHost {
  const { store, clock, log } = parts;
  const lease = parts.acts?.lease;
  const runner = fencedRunner(parts.runner, () => {
    parts.assertOwner?.();
    assertHeld(lease);
  });
  const affected = new Map<string, Entity>();
  const fold = (state: World, event: StoredEvent) => {
    const entity = state.apply(event);
    if (!entity || !live) return;
    if (entity.kind === 'config') parts.onConfig?.();
    // Asked after each event: the next one of the batch may be about something else.
    for (const one of relatedTo(entity, state)) affected.set(`${one.kind} ${one.id}`, one);
  };
  const projection = worldProjection(fold);
  let folded: LiveFold = createLiveFold(projection);
  let world = folded.state as World;
  world.runnerId = parts.acts?.runnerId ?? null;
  let savedAt = 0;
  const handsParts: HandsParts = { ...parts, runner, lease, world: () => world };
  const duties = createDuties({ ...parts, lease, world: () => world, handsFor: (duty) => handsOf(duty, handsParts) });
  const { stuckReasons, signal } = duties;
  const waiters: { position: bigint; resolve: () => void }[] = [];
  let live = false;

  /** Follows the log until the end; what cannot be read is shown, and tried again. */
  async function follow(beforeLive: (world: World) => void, caughtUp: () => void): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const item of store.subscribe({ after: world.position, signal })) take(item, beforeLive, caughtUp);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!live) throw error;
        stuckReasons.set(FOLLOWING, `The log cannot be followed: ${messageOf(error)}`);
        log.error({ error: messageOf(error) }, 'processes stopped following the log');
        await sleep(clock, FOLLOW_AGAIN_MS, signal).catch(() => undefined);
      }
    }
  }

  function take(item: SubscriptionItem, beforeLive: (world: World) => void, caughtUp: () => void): void {
    stuckReasons.delete(FOLLOWING);
    if (item.kind === 'events') {
      affected.clear();
      folded.apply(item.events);
      if (folded.applied - savedAt >= SAVE_EVERY) save();
      for (const { kind, id } of affected.values()) {
        const current = world.entity(kind, id);
        if (current) duties.evaluate(current);
        else duties.forget(kind, id);
      }
      duties.lookAgainAtReported();
    } else if (!live) {
      beforeLive(world);
      live = true;
      for (const entity of world.everything()) duties.evaluate(entity);
      caughtUp();
    }
    for (const waiter of waiters.filter((one) => world.position >= one.position)) {
      waiters.splice(waiters.indexOf(waiter), 1);
      waiter.resolve();
    }
  }

  /** What was saved lately spares the fold from the first event on. */
  async function restore(): Promise<void> {
    if (!parts.snapshots) return;
    folded = await parts.snapshots.begin(projection);
    world = folded.state as World;
    world.position = folded.position;
    world.runnerId = parts.acts?.runnerId ?? null;
  }

  function save(): void {
    savedAt = folded.applied;
    parts.snapshots?.save(folded);
  }

  return {
    get world() {
      return world;
    },
    async start(beforeLive = () => {}) {
      await restore();
      await new Promise<void>((resolve, reject) => {
        follow(beforeLive, resolve).catch(reject);
      });
    },
    look(kind, id) {
      const entity = world.entity(kind, id);
      if (entity && live) duties.evaluate(entity);
    },
    waitFor: (position) =>
      world.position >= position ? Promise.resolve() : new Promise((resolve) => waiters.push({ position, resolve })),
    isIdle: duties.isIdle,
    stuck() {
      const fenced = lease?.trouble();
      const reasons = [...stuckReasons, ...(fenced ? [[FENCED, fenced] as const] : [])];
      return reasons.map(([key, reason]) => ({ process: key.split(' ')[0] as string, key, reason }));
    },
    async stop(drainMs) {
      duties.stop();
      let cancel = () => {};
      const late = new Promise<void>((resolve) => {
        cancel = clock.after(drainMs, resolve);
      });
      await Promise.race([Promise.allSettled(duties.underWay()), late]);
      cancel();
      if (folded.applied > savedAt) save();
    },
  };
}
