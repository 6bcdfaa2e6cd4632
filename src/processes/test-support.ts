import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import type { Clock } from '../kernel/clock.ts';
import { createIds } from '../kernel/ids.ts';
import { silentLog } from '../kernel/log.ts';
import { createActorHost } from '../actors/actor-host.ts';
import { type CommandBus, type CommandBusParts, createCommandBus } from '../commands/index.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { EventStore } from '../store/event-store.ts';
import { createFakeRunner, type FakeRunner } from '../../tests/support/fake-runner.ts';
import type { Process } from './define-process.ts';
import { createProcessHost, type ProcessHost } from './process-host.ts';

/** A process host with stories of the test's own, over the real actors. */
export interface ProcessStage {
  store: EventStore;
  bus: CommandBus;
  host: ProcessHost;
  runner: FakeRunner;
  blobs: BlobStore;
}

export async function stage(
  processes: Process[],
  parts: Partial<Pick<ProcessStage, 'store' | 'runner' | 'blobs'>> & {
    clock?: Clock;
    preparations?: CommandBusParts['preparations'];
    around?: (bus: CommandBus) => CommandBus;
  } = {},
): Promise<ProcessStage> {
  const clock = parts.clock ?? systemClock;
  const store = parts.store ?? openMemoryStore();
  const actors = await createActorHost({ store, clock, log: silentLog });
  const plain = createCommandBus({
    host: actors,
    ids: createIds(clock, systemRandom),
    preparations: parts.preparations ?? {},
    redact: (value) => value,
    resolveId: async (_kind, id) => id,
  });
  const bus = parts.around?.(plain) ?? plain;
  const runner = parts.runner ?? createFakeRunner({ bugs: [], agent: () => {}, now: () => clock.now() });
  const blobs = parts.blobs ?? createMemoryBlobs();
  const host = createProcessHost({
    store,
    bus,
    runner,
    blobs,
    clock,
    log: silentLog,
    processes,
  });
  return { store, bus, host, runner, blobs };
}

/** Time that passes when the test says so; what is due is then called in order. */
export function manualClock(start = 1_700_000_000_000) {
  let now = start;
  let timers: { at: number; fire: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    monotonicMs: () => now,
    after(delayMs, fire) {
      const timer = { at: now + delayMs, fire };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  };
  return {
    clock,
    /** How long each timer that is set still has to go, shortest first (ms). */
    pending: () => timers.map(({ at }) => at - now).sort((a, b) => a - b),
    pass(ms: number) {
      now += ms;
      for (const timer of timers.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)) {
        timers = timers.filter((one) => one !== timer);
        timer.fire();
      }
    },
  };
}

/** Every step of the program that is ready has been taken. */
export function settledSteps(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
