import type { Accepted } from '../actors/dispatch.ts';
import type { CommandBus } from '../commands/index.ts';
import { processPrincipal } from '../commands/index.ts';
import { type Clock, sleep } from '../kernel/clock.ts';
import { Defect, type Failure, HephError, isFailure, messageOf } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Runner } from '../runtime/runner.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { createLiveFold, type LiveFold, type Projection, type Snapshots } from '../projections/index.ts';
import type { EventStore, StoredEvent, SubscriptionItem } from '../store/event-store.ts';
import { type Hands, mayHelpToRetry, type Obligation, type Process } from './define-process.ts';
import { assertHeld, fencedRunner, isFenced, type Lease } from './lease.ts';
import { isOurs } from './ownership.ts';
import { type Entity, type SavedWorld, World } from './world.ts';

const ATTEMPTS_MAX = 6;
const BACKOFF_MS = 200;
const BACKOFF_MAX_MS = 30_000;
/** The pause before the log is followed again after it could not be read. */
const FOLLOW_AGAIN_MS = 1_000;
const FOLLOWING = 'processes follow';
const FENCED = 'lease of this server';

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
  /** The log still asks for it; one that acts is kept until it is done, so that nobody does it a second time meanwhile. */
  open: boolean;
  /** The last command's refusal, if it was one. */
  refusal: Failure | null;
}

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
    v: 5,
    init: () => new World(),
    fold: (state, event) => fold(state as World, event),
    render: () => ({ rows: {}, summary: {} }),
    save: (state) => (state as World).save(),
    restore: (saved) => World.restore(saved as SavedWorld),
  };
}

function isSucceeded(error: unknown): error is HephError {
  return error instanceof HephError && error.code === 'log.fenced';
}

export function createProcessHost(parts: ProcessHostParts): ProcessHost {
  const { store, bus, clock, log } = parts;
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
    for (const one of state.related(entity)) affected.set(`${one.kind} ${one.id}`, one);
  };
  const projection = worldProjection(fold);
  let folded: LiveFold = createLiveFold(projection);
  let world = folded.state as World;
  world.runnerId = parts.acts?.runnerId ?? null;
  let savedAt = 0;
  const duties = new Map<string, Duty>();
  /** Keys of duties by process and entity, to find those that the log has discharged. */
  const byEntity = new Map<string, Set<string>>();
  const acting = new Map<Process, number>();
  const readyKeys = new Map<Process, Set<string>>(parts.processes.map((process) => [process, new Set()]));
  const waiters: { position: bigint; resolve: () => void }[] = [];
  const stuckReasons = new Map<string, string>();
  /** Keys of duties that have acted or were given up, to be looked at when the world has seen what they reported. */
  const reported = new Set<string>();
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
    for (const obligation of obligationsOf(process, entity, place)) {
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
          open: true,
          refusal: null,
        });
        ready(key);
      }
    }
    for (const key of before ?? []) if (!open.has(key)) drop(key);
    if (open.size > 0) byEntity.set(place, open);
    else byEntity.delete(place);
  }

  /** A story that breaks over one entity is shown, and holds up nothing else. */
  function obligationsOf(process: Process, entity: Entity, place: string): Obligation[] {
    if (!isOurs(entity, world)) return [];
    try {
      const open = process.obligations(entity, world, clock.now());
      stuckReasons.delete(place);
      return open;
    } catch (error) {
      stuckReasons.set(place, messageOf(error));
      log.error({ place, error: messageOf(error) }, 'obligations cannot be told');
      return [];
    }
  }

  /** The log still asks for it. One that has acted, and whose report the world has seen, did not help: again, later. */
  function renew(key: string, duty: Duty, obligation: Obligation): void {
    const moved = obligation.notBefore !== duty.obligation.notBefore;
    duty.obligation = obligation;
    duty.open = true;
    if (duty.status === 'waiting' && moved) ready(key);
    if (world.position < duty.seenAfter) return;
    if (duty.status === 'acted') void failed(key, duty, unhelpful(key, duty), true);
    // Not even giving it up was recorded.
    else if (duty.status === 'given_up' && !stuckReasons.has(key)) stuckReasons.set(key, unhelpful(key, duty).message);
  }

  function unhelpful(key: string, { refusal }: Duty): HephError {
    return refusal ? HephError.of(refusal) : new Defect(`${key} was carried out and is still open`);
  }

  function drop(key: string): void {
    const duty = duties.get(key);
    stuckReasons.delete(key);
    if (!duty) return;
    duty.open = false;
    // One that acts finishes; its report finds that nobody waits for it.
    if (duty.status === 'acting') return;
    duty.cancelTimer?.();
    duties.delete(key);
    reported.delete(key);
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
    if (abort.signal.aborted) return;
    if (duty.obligation.light && (!lease || lease.held())) return begin(key, duty);
    readyKeys.get(duty.process)?.add(key);
    pump(duty.process);
  }

  function pump(process: Process): void {
    if (abort.signal.aborted) return;
    const limit = process.concurrency(world);
    const keys = readyKeys.get(process) as Set<string>;
    if (lease && keys.size > 0 && !mayAct(lease)) return;
    for (const key of keys) {
      if ((acting.get(process) ?? 0) >= limit) return;
      keys.delete(key);
      const duty = duties.get(key);
      if (duty?.status === 'ready') begin(key, duty);
    }
  }

  function mayAct(lease: Lease): boolean {
    const lost = lease.lost();
    if (lost) retire(lost);
    else if (!lease.held()) lease.want(pumpAll);
    return lease.held();
  }

  function pumpAll(): void {
    for (const process of parts.processes) pump(process);
  }

  function begin(key: string, duty: Duty): void {
    const run = act(key, duty).finally(() => under.delete(run));
    under.add(run);
  }

  async function act(key: string, duty: Duty): Promise<void> {
    duty.status = 'acting';
    duty.refusal = null;
    const weight = duty.obligation.light ? 0 : 1;
    acting.set(duty.process, (acting.get(duty.process) ?? 0) + weight);
    try {
      await duty.obligation.act(hands(duty));
      duty.status = 'acted';
    } catch (error) {
      if (duty.open) await failed(key, duty, error, mayHelpToRetry(error));
    } finally {
      acting.set(duty.process, (acting.get(duty.process) ?? weight) - weight);
      if (!duty.open) duties.delete(key);
      else if (duty.status === 'acted') lookAgain(key, duty);
      pump(duty.process);
    }
  }

  /** Is it discharged by what was reported? As soon as the world has seen the report. */
  function lookAgain(key: string, duty: Duty): void {
    if (world.position < duty.seenAfter) return void reported.add(key);
    reported.delete(key);
    const entity = world.entity(duty.entity.kind, duty.entity.id);
    if (entity) evaluateFor(duty.process, entity);
    else drop(key);
  }

  async function failed(key: string, duty: Duty, error: unknown, retry: boolean): Promise<void> {
    if (abort.signal.aborted) return;
    if (isSucceeded(error)) return retire(error);
    // It waits for the lease; that is nobody's failure.
    if (isFenced(error)) return makeReady(key, duty);
    duty.attempts++;
    const last = duty.attempts >= (duty.obligation.attemptsMax ?? ATTEMPTS_MAX);
    log.warn({ obligation: key, attempt: duty.attempts, error: messageOf(error) }, 'obligation failed');
    if (last || !retry) return giveUp(key, duty, error);
    duty.status = 'waiting';
    const pause = Math.min(BACKOFF_MS * 2 ** duty.attempts, BACKOFF_MAX_MS);
    duty.cancelTimer = clock.after(pause, () => makeReady(key, duty));
  }

  /** Another server owns the log: what is left to do is that one's, and doing it here too would get in its way. */
  function retire(error: HephError): void {
    abort.abort();
    for (const duty of duties.values()) duty.cancelTimer?.();
    stuckReasons.set(FOLLOWING, `Nothing is done here any more: ${error.message}`);
    log.error({ error: error.message }, 'processes have ended');
  }

  async function giveUp(key: string, duty: Duty, error: unknown): Promise<void> {
    duty.status = 'given_up';
    const cause = error instanceof HephError ? error : new Defect(messageOf(error), undefined, error);
    try {
      if (!duty.obligation.giveUp) throw cause;
      await duty.obligation.giveUp(hands(duty), cause);
      duty.refusal = cause;
      if (duty.open) lookAgain(key, duty);
    } catch (again) {
      if (isFenced(again)) return makeReady(key, duty);
      if (duty.open) stuckReasons.set(key, messageOf(again));
      log.error({ obligation: key, error: messageOf(again) }, 'obligation given up');
    }
  }

  function hands(duty: Duty): Hands {
    return {
      world,
      runner,
      blobs: parts.blobs,
      clock,
      log,
      send: (name, input, which = '') => send(duty, name, input, which),
      async sendInTurn(...commands) {
        const answers: Promise<Accepted | Failure>[] = [];
        for (const [n, [name, input]] of commands.entries()) {
          const decided = Promise.withResolvers<null>();
          const answer = send(duty, name, input, String(n), () => decided.resolve(null));
          answers.push(answer);
          const early = await Promise.race([decided.promise, answer]);
          if (early && isFailure(early)) break;
        }
        return Promise.all(answers);
      },
    };
  }

  async function send(
    duty: Duty,
    name: string,
    input: Record<string, unknown>,
    which: string,
    decided?: () => void,
  ): Promise<Accepted | Failure> {
    assertHeld(lease);
    const { cause } = duty.obligation;
    const last = cause?.last ?? world.entity(duty.entity.kind, duty.entity.id)?.last;
    const answer = await bus.execute({
      name,
      input,
      principal: processPrincipal(duty.process.name),
      idempotencyKey: `${duty.obligation.key}:${name}:${which}`,
      timeFrom: cause?.id ?? duty.entity.id,
      ...(last?.id && { causationId: last.id, correlationId: last.correlationId }),
      ...(decided && { decided }),
    });
    duty.refusal = isFailure(answer) ? answer : null;
    // A refusal rests on what the actor knew, which the world may not have seen yet.
    const seenAfter = isFailure(answer) ? await store.head() : answer.position;
    if (seenAfter > duty.seenAfter) duty.seenAfter = seenAfter;
    return answer;
  }

  /** Follows the log until the end; what cannot be read is shown, and tried again. */
  async function follow(beforeLive: (world: World) => void, caughtUp: () => void): Promise<void> {
    while (!abort.signal.aborted) {
      try {
        for await (const item of store.subscribe({ after: world.position, signal: abort.signal }))
          take(item, beforeLive, caughtUp);
        return;
      } catch (error) {
        if (abort.signal.aborted) return;
        if (!live) throw error;
        stuckReasons.set(FOLLOWING, `The log cannot be followed: ${messageOf(error)}`);
        log.error({ error: messageOf(error) }, 'processes stopped following the log');
        await sleep(clock, FOLLOW_AGAIN_MS, abort.signal).catch(() => undefined);
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
        if (current) evaluate(current);
        else forget(kind, id);
      }
      for (const key of reported) {
        const duty = duties.get(key);
        if (duty) lookAgain(key, duty);
      }
    } else if (!live) {
      beforeLive(world);
      live = true;
      for (const entity of world.everything()) evaluate(entity);
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

  function forget(kind: string, id: string): void {
    for (const process of parts.processes) {
      const place = `${process.name} ${kind} ${id}`;
      for (const key of byEntity.get(place) ?? []) drop(key);
      byEntity.delete(place);
    }
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
      if (entity && live) evaluate(entity);
    },
    waitFor: (position) =>
      world.position >= position ? Promise.resolve() : new Promise((resolve) => waiters.push({ position, resolve })),
    isIdle: () => under.size === 0 && [...duties.values()].every((duty) => duty.status === 'given_up'),
    stuck() {
      const fenced = lease?.trouble();
      const reasons = [...stuckReasons, ...(fenced ? [[FENCED, fenced] as const] : [])];
      return reasons.map(([key, reason]) => ({ process: key.split(' ')[0] as string, key, reason }));
    },
    async stop(drainMs) {
      abort.abort();
      for (const duty of duties.values()) duty.cancelTimer?.();
      let cancel = () => {};
      const late = new Promise<void>((resolve) => {
        cancel = clock.after(drainMs, resolve);
      });
      await Promise.race([Promise.allSettled([...under]), late]);
      cancel();
      if (folded.applied > savedAt) save();
    },
  };
}
