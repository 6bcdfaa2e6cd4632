import { z } from 'zod';
import { defineProjection, type ScopedView } from '../define-projection.ts';
import { foldHistories } from './fold.ts';
import { renderTask } from './render.ts';
import { initialHistories, type TaskHistories } from './state.ts';

const historiesProjection = defineProjection<TaskHistories>({
  name: 'task-histories',
  v: 1,
  init: initialHistories,
  fold: foldHistories,
  render: (state, params, moment) => renderTask(state, params.taskId as string, moment),
});

/** One task: what it is and where it stands, its attempts, verdicts, kept turns and merges, its parent and its children. */
export const taskView: ScopedView = {
  name: 'task',
  params: z.strictObject({ taskId: z.string().min(1).max(60) }),
  async workflowOf(store, { taskId }) {
    for await (const first of store.readStream(`task-${String(taskId)}`, { limit: 1 }))
      return first.meta.scope?.workflowId ?? null;
    return null;
  },
  ofWorkflow: historiesProjection,
};
