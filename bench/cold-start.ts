import { systemClock } from '../src/kernel/adapters/system.ts';
import { createMemoryCache } from '../src/projections/adapters/memory-cache.ts';
import { openSqliteCache } from '../src/projections/adapters/sqlite-cache.ts';
import { silentLog } from '../src/kernel/log.ts';
import { createProcessHost } from '../src/processes/index.ts';
import type { ProjectionCache } from '../src/projections/index.ts';
import { createSnapshots, startProjectionHost, VIEWS } from '../src/projections/index.ts';
import { openSqliteStore } from '../src/store/adapters/sqlite.ts';
import { type BenchOptions, compare, type Figure, seconds } from './measure.ts';
import { inDirectory } from './raw-log.ts';
import { within } from './support/goals.ts';
import { openLongLog } from './support/long-log.ts';
import { rawFold } from './support/raw-fold.ts';

const EVENTS = 1_000_000;
const EVENTS_QUICK = 50_000;
const ROUNDS = 5;

/** From a closed log to every view caught up, with the saved states and without any. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const events = quick ? EVENTS_QUICK : EVENTS;
  return inDirectory(async (parent) => {
    const directory = `${parent}/data`;
    await (await openLongLog(directory, events)).close();
    const cached = () => openSqliteCache({ path: `${directory}/cache.db` });
    const floor = () => seconds(() => void rawFold(directory));
    const start = (cache: () => ProjectionCache) => () => seconds(() => open(directory, cache()));
    const label = `start at ${events.toLocaleString('en')} events`;
    const cold = await compare(
      { subject: `${label}, no cache`, unit: 's', goal: within(10, 's') },
      { product: start(createMemoryCache), floor },
      ROUNDS,
    );
    // The first one fills the cache.
    await open(directory, cached());
    const warm = await compare(
      { subject: `${label}, with the cache`, unit: 's', goal: within(1, 's') },
      { product: start(cached), floor },
      ROUNDS,
    );
    const know = (cache: () => ProjectionCache) => () => seconds(() => foldWorld(directory, cache()));
    const world = await compare(
      { subject: `${label}, what the processes know, no cache`, unit: 's', goal: null },
      { product: know(createMemoryCache), floor },
      ROUNDS,
    );
    await foldWorld(directory, cached());
    const worldWarm = await compare(
      { subject: `${label}, what the processes know, with the cache`, unit: 's', goal: within(1, 's') },
      { product: know(cached), floor },
      ROUNDS,
    );
    return [cold, warm, world, worldWarm];
  });
}

/** What a server does before it acts: the world up to the log's end, from the saved state or from the first event. */
async function foldWorld(directory: string, cache: ProjectionCache): Promise<void> {
  const store = await openSqliteStore({ directory, clock: systemClock, reserveBytes: 0 });
  const snapshots = createSnapshots(store, cache, store.data.logId, (message) => {
    throw new Error(message);
  });
  const nobody = {} as never;
  const parts = { store, clock: systemClock, log: silentLog, processes: [], snapshots };
  const host = createProcessHost({ ...parts, bus: nobody, runner: nobody, blobs: nobody });
  await host.start();
  if (host.world.workflows.size === 0) throw new Error('no workflow is open, so nothing was folded');
  await host.stop(0);
  cache.close();
  await store.close();
}

async function open(directory: string, cache: ProjectionCache): Promise<void> {
  const store = await openSqliteStore({ directory, clock: systemClock, reserveBytes: 0 });
  const views = await startProjectionHost({ store, views: VIEWS, cache, logId: store.data.logId, clock: systemClock });
  await views.caughtUp;
  const { rows } = await views.view('queue');
  if (Object.keys(rows).length === 0) throw new Error('the queue is empty, so nothing was folded');
  await views.close();
  await store.close();
}
