import { type BenchOptions, type Figure, compare, median } from './measure.ts';
import { openBullMq } from './peers/bullmq.ts';
import { openGraphile } from './peers/graphile.ts';
import { missingPackages } from './peers/load.ts';
import { missingPostgres, withPostgres } from './peers/postgres.ts';
import { missingRedis, withRedis } from './peers/redis.ts';
import { inDirectory } from './raw-log.ts';
import { atLeast, atMost } from './support/goals.ts';
import { openHephJobs } from './support/heph-jobs.ts';
import { type JobQueue, jobsPerSecond, pacedLatencies } from './support/job-queue.ts';

const JOBS = 500;
const JOBS_QUICK = 100;
const AT_ONCE = 16;
const PACED = 100;
const PACED_QUICK = 25;
const EVERY_MS = 20;
const ROUNDS = 5;

/** Null, or why the peers cannot be measured here. */
export const missing = (): string | null => missingPackages() ?? missingRedis() ?? missingPostgres();

/** The same jobs in other queues, by turns, each on a disk that is flushed before anything is answered. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const [jobs, paced] = quick ? [JOBS_QUICK, PACED_QUICK] : [JOBS, PACED];
  return withRedis((socketPath) =>
    withPostgres(async (address) => {
      const heph: Open = (work) =>
        inDirectory(async (directory) => using(await openHephJobs(directory, AT_ONCE, jobs), work));
      const bullmq: Open = async (work) => using(await openBullMq(socketPath, AT_ONCE), work);
      const graphile: Open = async (work) => using(await openGraphile(address, AT_ONCE), work);
      const rate = (open: Open) => () => open((queue) => jobsPerSecond(queue, jobs, AT_ONCE));
      const wait = (open: Open) => () => open(async (queue) => median(await pacedLatencies(queue, paced, EVERY_MS)));
      const ratesBeside = (name: string, goal: number, open: Open) =>
        compare(
          { subject: `no-op jobs, ${jobs} queued, beside ${name}`, unit: 'jobs/s', goal: atLeast(goal) },
          { product: rate(heph), floor: rate(open) },
          ROUNDS,
        );
      const waitsBeside = (name: string, open: Open) =>
        compare(
          { subject: `job added to begun, one each ${EVERY_MS} ms, beside ${name}`, unit: 'ms', goal: atMost(1) },
          { product: wait(heph), floor: wait(open) },
          ROUNDS,
        );
      return [
        await ratesBeside('BullMQ', 2, bullmq),
        await ratesBeside('graphile-worker', 3, graphile),
        await waitsBeside('BullMQ', bullmq),
        await waitsBeside('graphile-worker', graphile),
      ];
    }),
  );
}

type Open = <T>(work: (queue: JobQueue) => Promise<T>) => Promise<T>;

async function using<T>(queue: JobQueue, work: (queue: JobQueue) => Promise<T>): Promise<T> {
  try {
    return await work(queue);
  } finally {
    await queue.close();
  }
}
