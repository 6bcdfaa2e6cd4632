import { join } from 'node:path';
import { type BenchOptions, compare, type Figure } from './measure.ts';
import { inDirectory } from './raw-log.ts';
import { within } from './support/goals.ts';
import { type Idle, startIdle } from './support/idle-process.ts';
import { builtProgram } from './support/built.ts';

const ROUNDS = 5;
const ROUND_MS = 10_000;
const ROUND_QUICK_MS = 2_000;
const BARE = `const app = require('fastify')(); app.listen({ host: '127.0.0.1', port: 0 }).then(() => console.log('is ready'));`;

/** What the packed server on an empty log costs while nothing happens, beside a bare Fastify that listens. Reads /proc. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const heph = builtProgram();
  return inDirectory(async (directory) => {
    const words = [heph, 'up', '--no-open', '--data', join(directory, 'data')];
    const idle: Idle[] = [];
    try {
      const product = await startIdle(process.execPath, words);
      idle.push(product);
      const floor = await startIdle(process.execPath, ['-e', BARE]);
      idle.push(floor);
      const windowMs = quick ? ROUND_QUICK_MS : ROUND_MS;
      // What a start leaves to do later (garbage, spare holders, compiled code) is over then.
      await Promise.all([product.wakeUps(windowMs), floor.wakeUps(windowMs)]);
      return [
        await compare(
          { subject: 'idle server: resident memory', unit: 'MB', goal: within(150, 'MB') },
          { product: async () => product.residentMb(), floor: async () => floor.residentMb() },
          ROUNDS,
        ),
        await compare(
          { subject: 'idle server: wake-ups over all threads', unit: '/s', goal: within(1, '/s') },
          { product: () => product.wakeUps(windowMs), floor: () => floor.wakeUps(windowMs) },
          ROUNDS,
        ),
      ];
    } finally {
      for (const one of idle) await one.stop();
    }
  });
}
