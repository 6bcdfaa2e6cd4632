import { peer } from './load.ts';
import { type JobQueue, openJobQueue } from '../support/job-queue.ts';

interface Emitter {
  on(event: 'completed', listener: () => void): void;
}
interface BullMq {
  Queue: new (
    name: string,
    options: object,
  ) => {
    add(name: string, data: { n: number }): Promise<unknown>;
    close(): Promise<void>;
    waitUntilReady(): Promise<unknown>;
  };
  Worker: new (
    name: string,
    work: (job: { data: { n: number } }) => Promise<void>,
    options: object,
  ) => Emitter & { run(): Promise<void>; close(): Promise<void>; waitUntilReady(): Promise<unknown> };
}

let queues = 0;

/** A queue and its worker with what BullMQ comes with, but for the concurrency. */
export async function openBullMq(socketPath: string, concurrency: number): Promise<JobQueue> {
  const { Queue, Worker } = await peer<BullMq>('bullmq');
  const name = `jobs-${queues++}`;
  const connection = { path: socketPath, maxRetriesPerRequest: null };
  const queue = new Queue(name, { connection });
  return openJobQueue(async ({ started, done }) => {
    const worker = new Worker(name, async (job) => started(job.data.n), { connection, concurrency, autorun: false });
    worker.on('completed', done);
    await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
    return {
      add: async (n) => void (await queue.add('nothing', { n })),
      // It runs until it is closed.
      work: async () => void worker.run(),
      async close() {
        await worker.close();
        await queue.close();
      },
    };
  });
}
