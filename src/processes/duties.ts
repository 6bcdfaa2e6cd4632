import type { Clock } from '../kernel/clock.ts';
import { Defect, type Failure, HephError, messageOf } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import { type Hands, mayHelpToRetry, type Obligation, type Process } from './define-process.ts';
import type { Entity } from './entity.ts';
import { isFenced, type Lease } from './lease.ts';
import { isOurs } from './ownership.ts';
import type { World } from './world.ts';

const ATTEMPTS_MAX = 6;
const BACKOFF_MS = 200;
const BACKOFF_MAX_MS = 30_000;
/** What is stuck when nothing is followed. */
export const FOLLOWING = 'processes follow';

/** An obligation on its way. It stays until the log says that it is discharged. */
export interface Duty {
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

/**
 * The obligations that the log leaves open, each carried out once at a time, tried again after a pause, and given up after
 * so many tries.
 */
export interface Duties {
  /** Asks every story what the entity owes now. */
  evaluate(entity: Entity): void;
  /** The world has let go of it. */
  forget(kind: string, id: string): void;
  /** Looks at those that have acted and whose report the world may have seen by now. */
  lookAgainAtReported(): void;
  /** Nothing is being done, and nothing waits for its moment. */
  isIdle(): boolean;
  /** Why something cannot be done, by what it is; whoever follows the log adds its own. */
  readonly stuckReasons: Map<string, string>;
  /** Nothing new is begun any more. */
  readonly signal: AbortSignal;
  stop(): void;
  /** What is under way. */
  underWay(): readonly Promise<void>[];
}

export interface DutiesParts {
  processes: readonly Process[];
  world: () => World;
  handsFor: (duty: Duty) => Hands;
  clock: Clock;
  log: Log;
  lease: Lease | undefined;
}

function isSucceeded(error: unknown): error is HephError {
  return error instanceof HephError && error.code === 'log.fenced';
}

export function createDuties({ processes, world, handsFor, clock, log, lease }: DutiesParts): Duties {
  const duties = new Map<string, Duty>();
  /** Keys of duties by process and entity, to find those that the log has discharged. */
  const byEntity = new Map<string, Set<string>>();
  const acting = new Map<Process, number>();
  const readyKeys = new Map<Process, Set<string>>(processes.map((process) => [process, new Set()]));
  const stuckReasons = new Map<string, string>();
  /** Keys of duties that have acted or were given up, to be looked at when the world has seen what they reported. */
  const reported = new Set<string>();
  const under = new Set<Promise<void>>();
  const abort = new AbortController();

  function evaluate(entity: Entity): void {
    for (const process of processes) evaluateFor(process, entity);
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
    if (!isOurs(entity, world())) return [];
    try {
      const open = process.obligations(entity, world(), clock.now());
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
    if (world().position < duty.seenAfter) return;
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
    const limit = process.concurrency(world());
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
    for (const process of processes) pump(process);
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
      await duty.obligation.act(handsFor(duty));
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
    if (world().position < duty.seenAfter) return void reported.add(key);
    reported.delete(key);
    const entity = world().entity(duty.entity.kind, duty.entity.id);
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
    stop();
    stuckReasons.set(FOLLOWING, `Nothing is done here any more: ${error.message}`);
    log.error({ error: error.message }, 'processes have ended');
  }

  async function giveUp(key: string, duty: Duty, error: unknown): Promise<void> {
    duty.status = 'given_up';
    const cause = error instanceof HephError ? error : new Defect(messageOf(error), undefined, error);
    try {
      if (!duty.obligation.giveUp) throw cause;
      await duty.obligation.giveUp(handsFor(duty), cause);
      duty.refusal = cause;
      if (duty.open) lookAgain(key, duty);
    } catch (again) {
      if (isFenced(again)) return makeReady(key, duty);
      if (duty.open) stuckReasons.set(key, messageOf(again));
      log.error({ obligation: key, error: messageOf(again) }, 'obligation given up');
    }
  }

  function stop(): void {
    abort.abort();
    for (const duty of duties.values()) duty.cancelTimer?.();
  }

  function forget(kind: string, id: string): void {
    for (const process of processes) {
      const place = `${process.name} ${kind} ${id}`;
      for (const key of byEntity.get(place) ?? []) drop(key);
      byEntity.delete(place);
    }
  }

  return {
    evaluate,
    forget,
    lookAgainAtReported() {
      for (const key of reported) {
        const duty = duties.get(key);
        if (duty) lookAgain(key, duty);
      }
    },
    isIdle: () => under.size === 0 && [...duties.values()].every((duty) => duty.status === 'given_up'),
    stuckReasons,
    signal: abort.signal,
    stop,
    underWay: () => [...under],
  };
}
