import { type BenchOptions, compare, type Figure, seconds } from './measure.ts';
import { benchEvent, inDirectory, openRaw, RAW_INSERT } from './raw-log.ts';
import { atLeast } from './support/goals.ts';
import { openHephJobs } from './support/heph-jobs.ts';
import { jobsPerSecond } from './support/job-queue.ts';

const JOBS = 100;
const SLOTS = 16;
/** Jobs per second may fall to this part of what they were when the queue is ten times as long: it does not when quadratic. */
const LONG = 10;
const LONG_QUICK = 3;

/**
 * Jobs from `create_task` to done, with an agent that says done at once: every fact is decided, appended, flushed and
 * followed. Beside it, as many raw inserts as a job has events, a transaction for each batch of slots.
 */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  let eventsPerJob = 0;
  const rate = async (jobs: number) => {
    const measured = await runJobs(jobs);
    eventsPerJob = measured.eventsPerJob;
    return measured.perSecond;
  };
  const long = quick ? LONG_QUICK : LONG;
  await rate(JOBS);
  return [
    await compare(
      { subject: `no-op jobs, ${JOBS} queued`, unit: 'jobs/s', goal: atLeast(0.02) },
      { product: () => rate(JOBS), floor: () => rawJobs(JOBS, Math.ceil(eventsPerJob)) },
      5,
    ),
    await compare(
      { subject: `no-op jobs, ${JOBS * long} queued, beside ${JOBS}`, unit: 'jobs/s', goal: atLeast(0.7) },
      { product: () => rate(JOBS * long), floor: () => rate(JOBS) },
      5,
    ),
  ];
}

async function runJobs(jobs: number): Promise<{ perSecond: number; eventsPerJob: number }> {
  return inDirectory(async (directory) => {
    const queue = await openHephJobs(directory, SLOTS, jobs);
    const before = await queue.events();
    const perSecond = await jobsPerSecond(queue, jobs, SLOTS);
    const eventsPerJob = ((await queue.events()) - before) / jobs;
    await queue.close();
    return { perSecond, eventsPerJob };
  });
}

async function rawJobs(jobs: number, eventsPerJob: number): Promise<number> {
  return inDirectory(async (directory) => {
    const db = openRaw(directory);
    const insert = db.prepare(RAW_INSERT);
    const count = jobs * eventsPerJob;
    const taken = await seconds(() => {
      for (let start = 0; start < count; start += SLOTS) {
        db.exec('BEGIN IMMEDIATE');
        for (let n = start; n < Math.min(start + SLOTS, count); n++) {
          const { id, type, v, at, data, meta } = benchEvent(n);
          insert.run(n, `task-${n}`, 0, id, type, v, at, JSON.stringify(data), JSON.stringify(meta));
        }
        db.exec('COMMIT');
      }
    });
    db.close();
    return jobs / taken;
  });
}
