import { z } from 'zod';
import { type Failure, invalid, isFailure } from '../kernel/errors.ts';
import type { View } from '../projections/index.ts';
import { EVERYONE, query, type QueryContext, visibleWorkflow } from './define-queries.ts';
import { fields, withWholeIds, workflowOf } from './fields.ts';
import { fresh } from './fresh.ts';

type Row = View['rows'][string];

const OPEN_STATES = [
  'pending',
  'blocked',
  'queued',
  'assigned',
  'in_progress',
  'blocked_on_validation',
  'needs_work',
  'merging',
] as const;
const ENDED_STATES = ['done', 'failed', 'cancelled', 'duplicated'] as const;

export const getTasks = query({
  v: 1,
  summary: 'Tasks with everything that is known of them: of one workflow, or one task, or what is open everywhere.',
  schema: z.strictObject({
    taskId: fields.taskId.optional(),
    workflowId: fields.workflowId.optional().describe('Default for an agent: its own workflow'),
    status: z
      .enum([...OPEN_STATES, ...ENDED_STATES, 'open', 'ended'])
      .optional()
      .describe('A state, or open, or ended'),
    phase: z.string().max(40).optional(),
    limit: fields.limit(1000, 200),
  }),
  roles: EVERYONE,
  tool: true,
  cli: 'get tasks',
  example: 'heph get tasks --workflow-id wfl_01k --status open',
  async run(input, context) {
    const asked = await withWholeIds(input, context);
    if (isFailure(asked)) return asked;
    const workflowIds = await workflowsAsked(asked, context);
    if (isFailure(workflowIds)) return workflowIds;
    const tasks: Row[] = [];
    let position = context.views.position().toString();
    for (const workflowId of workflowIds) {
      const view = await fresh('workflow', { workflowId }, context);
      position = view.position;
      tasks.push(
        ...Object.values(view.rows)
          .filter((row) => fits(row, asked))
          .map(taskOf),
      );
      if (tasks.length > asked.limit) break;
    }
    return { tasks: tasks.slice(0, asked.limit), more: tasks.length > asked.limit, position };
  },
});

export const taskProgress = query({
  v: 1,
  summary: 'How far one task is, what was said of it, why it waits, and what became of the tasks it created.',
  schema: z.strictObject({ taskId: fields.taskId }),
  roles: EVERYONE,
  tool: true,
  cli: 'get task <taskId>',
  example: 'heph get task tsk_01k',
  async run(input, context) {
    const asked = await withWholeIds(input, context);
    if (isFailure(asked)) return asked;
    const workflowIds = await workflowsAsked(asked, context);
    if (isFailure(workflowIds)) return workflowIds;
    const [workflowId] = workflowIds as [string];
    const view = await fresh('workflow', { workflowId }, context);
    const row = view.rows[asked.taskId] as Row;
    const queued = (await fresh('queue', { workflowId }, context)).rows[asked.taskId];
    return {
      ...taskOf(row),
      evidence: row.evidence,
      ageMs: row.ageMs,
      round: row.round,
      attemptsMax: row.attemptsMax,
      roundsMax: row.roundsMax,
      result: row.result,
      checked: row.checked,
      correspondence: row.correspondence,
      tree: row.tree,
      usage: row.usage,
      linePosition: queued?.position ?? null,
      reasons: queued?.reasons ?? [],
      children: countChildren(view, asked.taskId),
      position: view.position,
    };
  },
});

export const getQueue = query({
  v: 1,
  summary: 'What runs, what runs next and, for everything open that does not run, why.',
  schema: z.strictObject({ workflowId: fields.workflowId.optional() }),
  roles: EVERYONE,
  tool: true,
  cli: 'queue',
  example: 'heph queue',
  async run(input, context) {
    const asked = await withWholeIds(input, context);
    if (isFailure(asked)) return asked;
    const workflowId = visibleWorkflow(asked.workflowId, context);
    if (isFailure(workflowId)) return workflowId;
    return { ...(await fresh('queue', workflowId === undefined ? {} : { workflowId }, context)) };
  },
});

/** Of one task, of the workflow that is named or is the asker's, else all that have something open, newest last. */
async function workflowsAsked(
  { taskId, workflowId }: { taskId?: string | undefined; workflowId?: string | undefined },
  context: QueryContext,
): Promise<string[] | Failure> {
  const ofTask = taskId === undefined ? undefined : await workflowOf(`task-${taskId}`, context);
  if (isFailure(ofTask)) return ofTask;
  if (ofTask !== undefined && workflowId !== undefined && ofTask !== workflowId)
    return invalid('id.unknown', `The workflow ${workflowId} has no task ${taskId}.`);
  const visible = visibleWorkflow(ofTask ?? workflowId, context);
  if (isFailure(visible)) return visible;
  if (visible !== undefined) return [visible];
  const { rows } = await fresh('queue', {}, context);
  return [...new Set(Object.values(rows).map((row) => row.workflowId as string))].sort();
}

function fits(
  row: Row,
  { taskId, status, phase }: { taskId?: string | undefined; status?: string | undefined; phase?: string | undefined },
): boolean {
  const state = row.status as string;
  const open = !(ENDED_STATES as readonly string[]).includes(state);
  const statusFits =
    status === undefined || status === state || (status === 'open' && open) || (status === 'ended' && !open);
  return statusFits && (taskId === undefined || row.taskId === taskId) && (phase === undefined || row.phase === phase);
}

/** A task as agents and scripts get it. */
function taskOf(row: Row): Row {
  const { taskId, workflowId, phase, role, title, description, inputs, status, priority, agent, check, attempt } = row;
  const { feedback, progress, reason, merged, agentId, parentTaskId, waits } = row;
  return {
    taskId,
    workflowId,
    phase,
    role,
    title,
    description,
    inputs,
    status,
    priority,
    agent,
    check,
    attempt,
    feedback,
    progress,
    reason,
    merged,
    agentId,
    parentTaskId,
    waits,
  };
}

function countChildren(view: View, taskId: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of Object.values(view.rows))
    if (row.parentTaskId === taskId) counts[row.status as string] = (counts[row.status as string] ?? 0) + 1;
  return counts;
}
