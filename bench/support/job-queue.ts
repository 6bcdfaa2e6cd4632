/** A job queue as the benchmarks use each of them: jobs are numbered, and nothing is done for one. */
export interface JobQueue {
  /** Resolves when the job is recorded for good. */
  add(n: number): Promise<void>;
  /** Its workers begin. */
  work(): Promise<void>;
  /** Resolves when the job has begun, with that moment by `performance.now()`. */
  startOf(n: number): Promise<number>;
  /** Resolves when so many jobs are done and the queue has recorded it. */
  doneCount(count: number): Promise<void>;
  close(): Promise<void>;
}

interface Port extends Pick<JobQueue, 'add' | 'work' | 'close'> {}

/** Makes one of a queue that tells what becomes of its jobs. */
export async function openJobQueue(
  open: (tell: { started(n: number): void; done(): void }) => Promise<Port>,
): Promise<JobQueue> {
  const starts = new Map<number, PromiseWithResolvers<number>>();
  let done = 0;
  let wanted = { count: Number.POSITIVE_INFINITY, reached: () => {} };
  const startOf = (n: number) => {
    const known = starts.get(n) ?? Promise.withResolvers<number>();
    starts.set(n, known);
    return known;
  };
  const port = await open({
    started: (n) => startOf(n).resolve(performance.now()),
    done: () => {
      done += 1;
      if (done >= wanted.count) wanted.reached();
    },
  });
  return {
    ...port,
    startOf: (n) => startOf(n).promise,
    doneCount: (count) =>
      new Promise((resolve) => {
        wanted = { count, reached: resolve };
        if (done >= count) resolve();
      }),
  };
}

/** Jobs per second from the first that is added to the last that is done; all are added before the workers begin. */
export async function jobsPerSecond(queue: JobQueue, jobs: number, adders: number): Promise<number> {
  const begun = performance.now();
  let added = 0;
  const add = async () => {
    while (added < jobs) await queue.add(added++);
  };
  await Promise.all(Array.from({ length: adders }, add));
  const done = queue.doneCount(jobs);
  await queue.work();
  await done;
  return (1000 * jobs) / (performance.now() - begun);
}

/** Milliseconds from adding a job until it begins, of one job after the other at a pace that leaves the queue idle between them. */
export async function pacedLatencies(queue: JobQueue, jobs: number, everyMs: number): Promise<number[]> {
  await queue.work();
  const taken: number[] = [];
  const done = queue.doneCount(jobs);
  for (let n = 0; n < jobs; n++) {
    const pace = new Promise((resolve) => setTimeout(resolve, everyMs));
    const begun = performance.now();
    await queue.add(n);
    taken.push((await queue.startOf(n)) - begun);
    await pace;
  }
  await done;
  return taken;
}
