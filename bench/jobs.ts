import { systemClock } from '../src/kernel/adapters/system.ts';
import { definitionSchema } from '../src/machines/workflow/index.ts';
import { openSqliteStore } from '../src/store/adapters/sqlite.ts';
import { START, startSystem } from '../tests/support/system.ts';
import { type BenchOptions, compare, type Figure, seconds } from './measure.ts';
import { benchEvent, inDirectory, openRaw, RAW_INSERT } from './raw-log.ts';
import { atLeast } from './support/goals.ts';

const JOBS = 100;
const SLOTS = 16;
/** Jobs per second may fall to this part of what they were when the queue is ten times as long: it does not when quadratic. */
const LONG = 10;
const LONG_QUICK = 3;

const NO_OP = definitionSchema.parse({
  name: 'bugfix',
  title: 'Nothing to do',
  phases: [{ name: 'work', goal: 'Nothing.', role: 'work', changes: 'none', checks: 'none' }],
});

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

export async function runJobs(jobs: number): Promise<{ perSecond: number; createMs: number; eventsPerJob: number }> {
  return inDirectory(async (directory) => {
    const store = await openSqliteStore({ directory, clock: systemClock, reserveBytes: 0 });
    const system = await startSystem({
      store,
      definition: NO_OP,
      settings: { 'fleet.cap': SLOTS, 'limits.tasksPerWorkflowMax': jobs + 1, 'limits.exitGraceMs': 0 },
      async agent(session, speak) {
        await speak('update_task_status', { taskId: session.start.taskId, status: 'done', summary: 'done' });
        session.exit(0);
      },
    });
    const { actorId: workflowId } = await system.operator('start_workflow', { ...START, merge: false });
    await system.operator('pause_workflow', { workflowId, reason: 'until all is queued' });
    const before = await store.head();
    let createMs = 0;
    const taken = await seconds(async () => {
      createMs = 1000 * (await seconds(() => createTasks(jobs, workflowId, system)));
      await system.operator('resume_workflow', { workflowId });
      await system.until('PhaseCompleted');
    });
    const events = Number((await store.head()) - before);
    await system.stop(1000);
    await store.close();
    return { perSecond: jobs / taken, createMs, eventsPerJob: events / jobs };
  });
}

async function createTasks(jobs: number, workflowId: string, system: Awaited<ReturnType<typeof startSystem>>) {
  let made = 0;
  const maker = async () => {
    while (made < jobs) await system.operator('create_task', { workflowId, phase: 'work', title: `Job ${made++}` });
  };
  await Promise.all(Array.from({ length: SLOTS }, maker));
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
