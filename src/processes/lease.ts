import type { Accepted } from '../commands/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { type Failure, Fault, HephError, isFailure, messageOf } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Runner } from '../runtime/runner.ts';

/**
 * The right to act for a runner, on a log that several servers share. A server that was asleep or cut off for longer than
 * its lease finds that by its own monotonic clock, before anybody tells it, and does nothing until a renewal was
 * recorded: others may have taken over its work meanwhile. It is renewed when something is to be done, and kept while
 * there is work; a server without any writes nothing.
 */
export interface Lease {
  held(): boolean;
  /** Calls back once when it is held (again); renews it at once. */
  want(then: () => void): void;
  /** A later server works for this runner: it will never be held again. */
  lost(): HephError | null;
  /** Why it cannot be renewed, or null. */
  trouble(): string | null;
}

export interface OwnLease extends Lease {
  /** Records that this server lives; answers whether the lease is held. Never throws. */
  renew(): Promise<boolean>;
  stop(): void;
}

export interface LeaseParts {
  clock: Clock;
  log: Log;
  leaseMs: () => number;
  /** Sends the command; a failure or a throw leaves the lease as it was. */
  send(leaseMs: number): Promise<Accepted | Failure>;
  /** It is held again after it had been over. */
  regained: () => void;
}

const AGAIN_MS = 1_000;

export function createLease({ clock, log, leaseMs, send, regained }: LeaseParts): OwnLease {
  const waiting = new Set<() => void>();
  let heldUntil = Number.NEGATIVE_INFINITY;
  let renewing: Promise<boolean> | null = null;
  let cancelAgain: (() => void) | null = null;
  let lost: HephError | null = null;
  let trouble: string | null = null;
  let stopped = false;

  const held = () => lost === null && clock.monotonicMs() < heldUntil;

  async function renewOnce(): Promise<boolean> {
    // Counted from before it was sent: others count from when it was recorded, which is later.
    const [begun, ms] = [clock.monotonicMs(), leaseMs()];
    try {
      const answer = await send(ms);
      if (isFailure(answer)) throw HephError.of(answer);
      const wasOver = !held();
      heldUntil = begun + ms;
      trouble = null;
      if (wasOver && held()) release();
    } catch (error) {
      if (error instanceof HephError && error.code === 'runner.superseded') lost = error;
      else if (trouble === null) log.warn({ error: messageOf(error) }, 'the lease could not be renewed');
      trouble = messageOf(error);
      if (lost) release();
    }
    return held();
  }

  function release(): void {
    if (held()) regained();
    const due = [...waiting];
    waiting.clear();
    for (const then of due) then();
  }

  function renew(): Promise<boolean> {
    if (stopped || lost) return Promise.resolve(false);
    renewing ??= renewOnce().finally(() => {
      renewing = null;
      if (waiting.size > 0) againSoon();
    });
    return renewing;
  }

  /** Somebody waits, and the store did not answer. */
  function againSoon(): void {
    if (stopped || lost) return;
    cancelAgain?.();
    cancelAgain = clock.after(AGAIN_MS, () => void renew());
  }

  return {
    held,
    lost: () => lost,
    trouble: () => (held() ? null : trouble),
    renew,
    want(then) {
      waiting.add(then);
      void renew();
    },
    stop() {
      stopped = true;
      waiting.clear();
      cancelAgain?.();
    },
  };
}

/** The runner behind a question that is asked before each verb, and throws where this server may not act any more. */
export function fencedRunner(runner: Runner, assertMayAct: () => void): Runner {
  return new Proxy(runner, {
    get(target, name) {
      const verb: unknown = Reflect.get(target, name);
      if (typeof verb !== 'function') return verb;
      return (...input: unknown[]): unknown => {
        assertMayAct();
        return Reflect.apply(verb, target, input);
      };
    },
  });
}

/** Throws Fault `runner.fenced`. */
export function assertHeld(lease: Lease | undefined): void {
  if (!lease || lease.held()) return;
  throw new Fault('runner.fenced', 'The lease is over, and others may have taken over this work.');
}

export function isFenced(error: unknown): boolean {
  return error instanceof HephError && error.code === 'runner.fenced';
}
