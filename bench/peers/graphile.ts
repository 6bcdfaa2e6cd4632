import { type JobQueue, openJobQueue } from '../support/job-queue.ts';
import { peer } from './load.ts';
import { connectionString, type PostgresAddress } from './postgres.ts';

interface Graphile {
  /** It writes a line for each job otherwise. */
  Logger: new (
    factory: () => () => void,
  ) => object;
  run(options: object): Promise<{
    stop(): Promise<void>;
    events: { on(event: 'job:complete', listener: () => void): void };
  }>;
  makeWorkerUtils(options: object): Promise<{
    migrate(): Promise<void>;
    addJob(name: string, payload: { n: number }): Promise<unknown>;
    release(): Promise<void>;
  }>;
}

/** The queue and its worker with what graphile-worker comes with, but for the concurrency and as many connections. */
export async function openGraphile(address: PostgresAddress, concurrency: number): Promise<JobQueue> {
  const { run, makeWorkerUtils, Logger } = await peer<Graphile>('graphile-worker');
  const shared = {
    connectionString: connectionString(address),
    maxPoolSize: concurrency + 4,
    logger: new Logger(() => () => {}),
  };
  const utils = await makeWorkerUtils(shared);
  await utils.migrate();
  return openJobQueue(async ({ started, done }) => {
    let runner: Awaited<ReturnType<Graphile['run']>> | null = null;
    const taskList = { nothing: async ({ n }: { n: number }) => started(n) };
    return {
      add: async (n) => void (await utils.addJob('nothing', { n })),
      async work() {
        runner = await run({ ...shared, concurrency, taskList, crontab: '', noHandleSignals: true });
        runner.events.on('job:complete', done);
      },
      async close() {
        await runner?.stop();
        await utils.release();
      },
    };
  });
}
