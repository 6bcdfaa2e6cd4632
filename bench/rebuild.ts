import { systemClock } from '../src/kernel/adapters/system.ts';
import { createMemoryCache } from '../src/projections/adapters/memory-cache.ts';
import { startProjectionHost, VIEWS } from '../src/projections/index.ts';
import { type BenchOptions, compare, type Figure, seconds } from './measure.ts';
import { inDirectory } from './raw-log.ts';
import { atLeast } from './support/goals.ts';
import { openLongLog } from './support/long-log.ts';
import { rawFold } from './support/raw-fold.ts';

const EVENTS = 100_000;
const EVENTS_QUICK = 20_000;

/** Folding the queue view again from the start, while it serves, against reading and parsing the same rows alone. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  return inDirectory(async (parent) => {
    const directory = `${parent}/data`;
    const store = await openLongLog(directory, quick ? EVENTS_QUICK : EVENTS);
    const views = await startProjectionHost({
      store,
      views: VIEWS,
      cache: createMemoryCache(),
      logId: store.data.logId,
      clock: systemClock,
    });
    await views.caughtUp;
    const count = Number(views.position());
    try {
      const product = async () =>
        count /
        (await seconds(async () => {
          const { equal } = await views.rebuild('queue');
          if (!equal) throw new Error('the rebuilt view differs from the live one');
        }));
      const floor = async () => count / (await seconds(() => void rawFold(directory)));
      await floor();
      await product();
      return [
        await compare(
          { subject: 'rebuild of the queue view', unit: 'events/s', goal: atLeast(0.5) },
          { product, floor },
          5,
        ),
      ];
    } finally {
      await views.close();
      await store.close();
    }
  });
}
