import { systemClock } from '../../src/kernel/adapters/system.ts';
import { definitionSchema } from '../../src/machines/workflow/index.ts';
import { programFile } from '../../src/programs/installation.ts';
import { openSqliteStore } from '../../src/store/adapters/sqlite.ts';
import { START, startSystem } from '../../tests/support/system.ts';
import { type JobQueue, openJobQueue } from './job-queue.ts';

const NO_OP = definitionSchema.parse({
  name: 'bugfix',
  title: 'Nothing to do',
  phases: [{ name: 'work', goal: 'Nothing.', role: 'work', changes: 'none', checks: 'none' }],
});
const KEEPER = 'Keeps the phase open';

/** The product as a queue of jobs. */
export interface HephJobs extends JobQueue {
  /** How many events the log holds. */
  events(): Promise<number>;
}

/**
 * Tasks for an agent that says done at once, in a workflow that waits for `work`: everything is decided, appended, flushed
 * and followed as it is with real agents. Only the machine below it is a fake. One task more, that does not end, keeps the
 * phase from being over.
 */
export async function openHephJobs(directory: string, slots: number, jobsMax: number): Promise<HephJobs> {
  const store = await openSqliteStore({
    directory,
    clock: systemClock,
    reserveBytes: 0,
    writerThread: programFile('log-writer'),
  });
  const kept = Promise.withResolvers<void>();
  const jobs = await openJobQueue(async ({ started, done }) => {
    const system = await startSystem({
      store,
      definition: NO_OP,
      settings: { 'fleet.cap': slots + 1, 'limits.tasksPerWorkflowMax': jobsMax + 1 },
      async agent(session, speak) {
        const { taskId } = session.start;
        const title = system.processes.world.tasks.get(taskId)?.context.spec.title ?? '';
        if (title === KEEPER) return kept.resolve();
        started(Number(title));
        await speak('update_task_status', { taskId, status: 'done', summary: 'done' });
        session.exit(0);
      },
    });
    const { actorId: workflowId } = await system.operator('start_workflow', { ...START, merge: false });
    const add = async (title: string) =>
      void (await system.operator('create_task', { workflowId, phase: 'work', title }));
    const leaving = new AbortController();
    const followed = follow(store, leaving.signal, done);
    await add(KEEPER);
    await kept.promise;
    await system.operator('pause_workflow', { workflowId, reason: 'until all is queued' });
    return {
      add: (n) => add(String(n)),
      work: async () => void (await system.operator('resume_workflow', { workflowId })),
      async close() {
        leaving.abort();
        await followed;
        await system.stop(1000);
        await store.close();
      },
    };
  });
  return { ...jobs, events: async () => Number(await store.head()) };
}

async function follow(
  store: Awaited<ReturnType<typeof openSqliteStore>>,
  signal: AbortSignal,
  done: () => void,
): Promise<void> {
  for await (const item of store.subscribe({ signal, filter: { types: ['TaskCompleted'] } }))
    if (item.kind === 'events') for (const _event of item.events) done();
}
