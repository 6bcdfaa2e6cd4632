import { systemClock } from '../../src/kernel/adapters/system.ts';
import { openSqliteStore, type SqliteStore } from '../../src/store/adapters/sqlite.ts';
import type { NewEvent, StoredEvent } from '../../src/store/event-store.ts';
import { bugfix } from '../../tests/support/bugfix-story.ts';
import { createStory } from '../../tests/support/story.ts';

const TASKS_PER_WORKFLOW = 20;
/** So many of the last workflows are still under way. */
const OPEN_WORKFLOWS = 5;
const OURS = /\b(wfl|tsk|agt|cnd|cmd|evt|mtr)_[0-9a-z]{6}([0-9a-z]{20,22})/g;

/**
 * A store with at least `count` events of bug-fix runs as they happen: each task with its agent, its slot, progress,
 * usage, a check and a merge. One run is decided by the actors; the others are copies of it under ids of their own.
 */
export async function openLongLog(directory: string, count: number): Promise<SqliteStore> {
  const store = await openSqliteStore({ directory, clock: systemClock, reserveBytes: 0 });
  const run = JSON.stringify(oneRun(), (key, value) => (key === 'position' ? undefined : value));
  const length = (JSON.parse(run) as StoredEvent[]).length;
  const copies = Math.ceil(count / length);
  for (let copy = 0; copy < copies; copy++) {
    const events = JSON.parse(run.replace(OURS, `$1_${copy.toString().padStart(6, '0')}$2`)) as StoredEvent[];
    await appendAll(store, copy < copies - OPEN_WORKFLOWS ? events : events.slice(0, Math.floor(length * 0.6)));
  }
  return store;
}

/** In the order they happened; what one command brought about stays together. */
async function appendAll(store: SqliteStore, events: readonly StoredEvent[]): Promise<void> {
  const appends: Promise<unknown>[] = [];
  for (let n = 0; n < events.length; ) {
    const count = Math.min(events[n]?.meta.count ?? 1, events.length - n);
    const group = events.slice(n, n + count);
    appends.push(store.append((group[0] as StoredEvent).stream, 'any', group.map(asNew)));
    n += count;
  }
  await Promise.all(appends);
}

function asNew({ id, type, v, at, data, meta }: StoredEvent): NewEvent {
  return { id, type, v, at, data, meta };
}

function oneRun(): StoredEvent[] {
  const story = createStory();
  const steps = bugfix(story);
  const workflowId = steps.start();
  steps.phase(workflowId, 'investigate');
  const root = steps.task(workflowId, { phase: 'investigate', changes: 'none', checks: 'none' });
  const fixes = Array.from({ length: TASKS_PER_WORKFLOW }, (_, n) =>
    steps.task(workflowId, {
      title: `Mend failure ${n}`,
      description: 'The parser loses a field. '.repeat(10),
      parentTaskId: root,
    }),
  );
  steps.queue(root);
  steps.finish(root, steps.work(root));
  story.send('record_worktree_removed', { taskId: root, rescued: null });
  steps.over(workflowId, 'investigate');
  steps.phase(workflowId, 'fix');
  for (const taskId of fixes) steps.queue(taskId);
  // Four at once, as the fleet's cap has it.
  for (let first = 0; first < fixes.length; first += 4) {
    const working = fixes.slice(first, first + 4).map((taskId) => ({ taskId, agentId: steps.work(taskId) }));
    for (const { taskId, agentId } of working) {
      for (const fraction of [0.2, 0.5, 0.8])
        story.send(
          'report_progress',
          { taskId, message: 'One step further.', fraction },
          { actor: `agent:${agentId}` },
        );
      story.send('record_activity', { agentId, activity: 'idle', evidence: 'the turn ended' });
      story.send('report_usage', { taskId, inputTokens: 1200, outputTokens: 300, costUsd: 0.02 });
      steps.finish(taskId, agentId);
    }
    for (const { taskId } of working) {
      const { trainId, candidateId } = steps.board(workflowId, taskId);
      steps.land(trainId, candidateId, taskId);
      story.send('record_worktree_removed', { taskId, rescued: null });
    }
  }
  steps.over(workflowId, 'fix');
  steps.complete(workflowId);
  return story.events;
}
