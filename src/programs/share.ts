import { type CommandBus, SERVER } from '../commands/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Fault, HephError, isFailure, messageOf } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Settings } from '../machines/config/index.ts';
import { FLEET_ID } from '../machines/fleet/index.ts';
import {
  createLease,
  createTakingOver,
  hasWork,
  lastTakenFrom,
  type OwnLease,
  type ProcessHost,
} from '../processes/index.ts';
import type { Estates, RunnerPlace } from '../runtime/estates.ts';
import type { EventStore } from '../store/event-store.ts';

/** What a server needs to be one of several on the same log. */
export interface Sharing {
  place: Omit<RunnerPlace, 'runnerId'> & { bootId: string | null };
  /** Higher than of any server that worked on this data directory before. */
  epoch: number;
  estates: Estates;
}

/** A server's part in the company: its lease, and its eye on the others. */
export interface Share {
  lease: OwnLease;
  /** Throws when a later server has the data directory, or when the log cannot be written. */
  register(): Promise<void>;
  /** From now on the lease is kept while there is work, and the work of those who are gone is taken over. */
  begin(): void;
  stop(): void;
  retire(): Promise<void>;
}

interface ShareParts {
  runnerId: string;
  store: EventStore;
  bus: CommandBus;
  clock: Clock;
  log: Log;
  settings: () => Settings;
  processes: () => ProcessHost;
  /** Ends agents that live here although their work is another's by now. */
  stopOrphans: () => Promise<void>;
}

/** Three renewals fit into a lease, so that one that fails costs nothing. */
const RENEWALS = 3;

export function openShare({ place, epoch, estates }: Sharing, parts: ShareParts): Share {
  const { runnerId, store, bus, clock, log, processes } = parts;
  const leaseMs = () => parts.settings().server.leaseMs;
  let registered = false;
  let begun = false;
  let sweptAt = 0;
  let cancelBeat: (() => void) | null = null;

  const lease = createLease({
    clock,
    log,
    leaseMs,
    async send(ms) {
      const name = registered ? 'renew_lease' : 'register_runner';
      const more = registered ? {} : place;
      const answer = await bus.execute({ name, input: { runnerId, epoch, leaseMs: ms, ...more }, principal: SERVER });
      registered ||= !isFailure(answer);
      return answer;
    },
    // Its work may be another's by now.
    regained: () => void sweep(),
  });
  const takingOver = createTakingOver({
    ...{ runnerId, estates, store, bus, clock, log },
    world: () => processes().world,
    mayAct: async () => lease.held() || lease.renew(),
    waitFor: (position) => processes().waitFor(position),
  });

  async function sweep(): Promise<void> {
    if (!begun) return;
    try {
      await processes().waitFor(await store.head());
      const upTo = lastTakenFrom(processes().world);
      await parts.stopOrphans();
      sweptAt = upTo;
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'agents could not be looked through');
    }
  }

  async function beat(): Promise<void> {
    const { world } = processes();
    if (hasWork(world)) await lease.renew();
    if (lastTakenFrom(world) > sweptAt) await sweep();
    if (world.runners.size > 1) {
      void takingOver.look();
      // What a server that is gone was going to ask for holds no place in the line any more.
      processes().look('fleet', FLEET_ID);
    }
    if (begun) next();
  }

  function next(): void {
    cancelBeat = clock.after(leaseMs() / RENEWALS, () => void beat());
  }

  return {
    lease,
    async register() {
      if (await lease.renew()) return;
      throw lease.lost() ?? new Fault('runner.fenced', `The server could not register: ${lease.trouble()}`);
    },
    begin() {
      begun = true;
      next();
    },
    stop() {
      begun = false;
      cancelBeat?.();
      lease.stop();
    },
    async retire() {
      // A store that does not answer is not waited for: the others will miss us in time.
      if (lease.trouble()) return;
      try {
        const answer = await bus.execute({ name: 'retire_runner', input: { runnerId, epoch }, principal: SERVER });
        if (isFailure(answer)) throw HephError.of(answer);
      } catch (error) {
        log.info({ error: messageOf(error) }, 'the runner was not retired');
      }
    },
  };
}
