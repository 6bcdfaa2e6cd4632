import type { CommandBus } from '../commands/index.ts';
import { processPrincipal } from '../commands/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Defect, HephError, isFailure, messageOf } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Runner } from '../runtime/runner.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { EventStore } from '../store/event-store.ts';
import { type Hands, mayHelpToRetry, type Obligation, type Process } from './define-process.ts';
import { type Entity, World } from './world.ts';

const ATTEMPTS_MAX = 6;
const BACKOFF_MS = 200;
const BACKOFF_MAX_MS = 30_000;

/** An obligation on its way. It stays until the log says that it is discharged. */
interface Duty {
  process: Process;
  entity: { kind: string; id: string };
  obligation: Obligation;
  attempts: number;
  status: 'waiting' | 'ready' | 'acting' | 'acted' | 'given_up';
  cancelTimer: (() => void) | null;
  /** The world must have seen this before the obligation is looked at again. */
  seenAfter: bigint;
}

export interface ProcessHost {
  readonly world: World;
  /** Folds the log; silent until it has caught up, then discharges. Resolves when caught up; `beforeLive` comes just before. */
  start(beforeLive?: (world: World) => void): Promise<void>;
  /** Looks again at an entity, on a hint from outside the log (an exit, output). */
  look(kind: string, id: string): void;
  /** Resolves when the world has applied everything up to the position. */
  waitFor(position: bigint): Promise<void>;
  /** Nothing is being done, nothing is due. */
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
}

export function createProcessHost(parts: ProcessHostParts): ProcessHost {
  const { store, bus, clock, log } = parts;
  const world = new World();
  const duties = new Map<string, Duty>();
  /** Keys of duties by process and entity, to find those that the log has discharged. */
  const byEntity = new Map<string, Set<string>>();
  const acting = new Map<Process, number>();
  const readyKeys = new Map<Process, Set<string>>(parts.processes.map((process) => [process, new Set()]));
  const waiters: { position: bigint; resolve: () => void }[] = [];
  const stuckReasons = new Map<string, string>();
  const under = new Set<Promise<void>>();
  const abort = new AbortController();
  let live = false;

  function evaluate(entity: Entity): void {
    for (const process of parts.processes) evaluateFor(process, entity);
  }

  function evaluateFor(process: Process, entity: Entity): void {
    const place = `${process.name} ${entity.kind} ${entity.id}`;
    const before = byEntity.get(place);
    const open = new Set<string>();
    for (const obligation of process.obligations(entity, world, clock.now())) {
      const key = `${process.name} ${obligation.key}`;
      open.add(key);
      const known = duties.get(key);
      if (known) renew(key, known, obligation);
      else {
        duties.set(key, {
          process,
          entity: { kind: entity.kind, id: entity.id },
          obligation,
          attempts: 0,
          status: 'ready',
          cancelTimer: null,
          seenAfter: 0n,
        });
        ready(key);
      }
    }
    for (const key of before ?? []) if (!open.has(key)) drop(key);
    if (open.size > 0) byEntity.set(place, open);
    else byEntity.delete(place);
  }

  /** The log still asks for it. One that has acted, and whose report the world has seen, did not help: again, later. */
  function renew(key: string, duty: Duty, obligation: Obligation): void {
    const moved = obligation.notBefore !== duty.obligation.notBefore;
    duty.obligation = obligation;
    if (duty.status === 'waiting' && moved) ready(key);
    if (duty.status === 'acted' && world.position >= duty.seenAfter)
      void failed(key, duty, new Defect(`${key} was carried out and is still open`));
  }

  function drop(key: string): void {
    const duty = duties.get(key);
    // One that acts finishes; its report finds that nobody waits for it.
    duty?.cancelTimer?.();
    duties.delete(key);
    stuckReasons.delete(key);
  }

  function ready(key: string): void {
    const duty = duties.get(key);
    if (!duty || abort.signal.aborted) return;
    duty.cancelTimer?.();
    duty.cancelTimer = null;
    const wait = (duty.obligation.notBefore ?? 0) - clock.now();
    if (wait > 0) {
      duty.status = 'waiting';
      // A timer takes at most 2^31 ms; a longer wait is taken in pieces.
      duty.cancelTimer = clock.after(Math.min(wait, 2_000_000_000), () => ready(key));
      return;
    }
    makeReady(key, duty);
  }

  function makeReady(key: string, duty: Duty): void {
    duty.status = 'ready';
    readyKeys.get(duty.process)?.add(key);
    pump(duty.process);
  }

  function pump(process: Process): void {
    if (abort.signal.aborted) return;
    const limit = process.concurrency(world);
    const keys = readyKeys.get(process) as Set<string>;
    for (const key of keys) {
      if ((acting.get(process) ?? 0) >= limit) return;
      keys.delete(key);
      const duty = duties.get(key);
      if (duty?.status !== 'ready') continue;
      const run = act(key, duty).finally(() => under.delete(run));
      under.add(run);
    }
  }

  async function act(key: string, duty: Duty): Promise<void> {
    duty.status = 'acting';
    acting.set(duty.process, (acting.get(duty.process) ?? 0) + 1);
    try {
      await duty.obligation.act(hands(duty));
      duty.status = 'acted';
    } catch (error) {
      if (duties.get(key) === duty) await failed(key, duty, error);
    } finally {
      acting.set(duty.process, (acting.get(duty.process) ?? 1) - 1);
      const entity = world.entity(duty.entity.kind, duty.entity.id);
      if (duties.get(key) === duty && duty.status === 'acted' && entity && world.position >= duty.seenAfter)
        evaluateFor(duty.process, entity);
      pump(duty.process);
    }
  }

  async function failed(key: string, duty: Duty, error: unknown): Promise<void> {
    duty.attempts++;
    const last = duty.attempts >= (duty.obligation.attemptsMax ?? ATTEMPTS_MAX);
    log.warn({ obligation: key, attempt: duty.attempts, error: messageOf(error) }, 'obligation failed');
    if (last || !mayHelpToRetry(error)) return giveUp(key, duty, error);
    duty.status = 'waiting';
    const pause = Math.min(BACKOFF_MS * 2 ** duty.attempts, BACKOFF_MAX_MS);
    duty.cancelTimer = clock.after(pause, () => makeReady(key, duty));
  }

  async function giveUp(key: string, duty: Duty, error: unknown): Promise<void> {
    duty.status = 'given_up';
    const cause = error instanceof HephError ? error : new Defect(messageOf(error), undefined, error);
    try {
      if (!duty.obligation.giveUp) throw cause;
      await duty.obligation.giveUp(hands(duty), cause);
    } catch (again) {
      stuckReasons.set(key, messageOf(again));
      log.error({ obligation: key, error: messageOf(again) }, 'obligation given up');
    }
  }

  function hands(duty: Duty): Hands {
    return {
      world,
      runner: parts.runner,
      blobs: parts.blobs,
      clock,
      log,
      async send(name, input, which = '') {
        const cause = world.entity(duty.entity.kind, duty.entity.id)?.last;
        const answer = await bus.execute({
          name,
          input,
          principal: processPrincipal(duty.process.name),
          idempotencyKey: `${duty.obligation.key}:${name}:${which}`,
          timeFrom: duty.entity.id,
          ...(cause?.id && { causationId: cause.id, correlationId: cause.correlationId }),
        });
        if (!isFailure(answer) && answer.position > duty.seenAfter) duty.seenAfter = answer.position;
        return answer;
      },
    };
  }

  async function follow(beforeLive: (world: World) => void, caughtUp: () => void): Promise<void> {
    for await (const item of store.subscribe({ signal: abort.signal })) {
      if (item.kind === 'caught_up') {
        beforeLive(world);
        live = true;
        for (const entity of world.everything()) evaluate(entity);
        caughtUp();
        continue;
      }
      const changed = new Map<string, Entity>();
      for (const event of item.events) {
        const entity = world.apply(event);
        if (entity && live) changed.set(`${entity.kind} ${entity.id}`, entity);
      }
      const affected = new Map<string, Entity>();
      for (const entity of changed.values())
        for (const one of world.related(entity)) affected.set(`${one.kind} ${one.id}`, one);
      // What was reported elsewhere is in the world now: is the obligation discharged?
      for (const { status, seenAfter, entity } of duties.values()) {
        const one =
          status === 'acted' && seenAfter <= world.position ? world.entity(entity.kind, entity.id) : undefined;
        if (one) affected.set(`${one.kind} ${one.id}`, one);
      }
      for (const { kind, id } of affected.values()) {
        const current = world.entity(kind, id);
        if (current) evaluate(current);
        else forget(kind, id);
      }
      for (const waiter of waiters.filter((one) => world.position >= one.position)) {
        waiters.splice(waiters.indexOf(waiter), 1);
        waiter.resolve();
      }
    }
  }

  function forget(kind: string, id: string): void {
    for (const process of parts.processes) {
      const place = `${process.name} ${kind} ${id}`;
      for (const key of byEntity.get(place) ?? []) drop(key);
      byEntity.delete(place);
    }
  }

  return {
    world,
    start: (beforeLive = () => {}) =>
      new Promise((resolve, reject) => {
        follow(beforeLive, resolve).catch((error: unknown) => {
          if (abort.signal.aborted) return;
          log.error({ error: messageOf(error) }, 'processes stopped following the log');
          reject(error);
        });
      }),
    look(kind, id) {
      const entity = world.entity(kind, id);
      if (entity && live) evaluate(entity);
    },
    waitFor: (position) =>
      world.position >= position ? Promise.resolve() : new Promise((resolve) => waiters.push({ position, resolve })),
    isIdle: () =>
      [...duties.values()].every((duty) => duty.status === 'given_up' || duty.status === 'waiting') && under.size === 0,
    stuck: () => [...stuckReasons].map(([key, reason]) => ({ process: key.split(' ')[0] as string, key, reason })),
    async stop(drainMs) {
      abort.abort();
      for (const duty of duties.values()) duty.cancelTimer?.();
      let cancel = () => {};
      const late = new Promise<void>((resolve) => {
        cancel = clock.after(drainMs, resolve);
      });
      await Promise.race([Promise.allSettled([...under]), late]);
      cancel();
    },
  };
}
