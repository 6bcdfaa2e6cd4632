import { z } from 'zod';
import { denied, type Failure, isFailure } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { IdIndex } from '../../kernel/resolve-id.ts';
import type { EventFilter, StoredEvent } from '../../store/event-store.ts';
import { fields, withWholeIds } from '../fields.ts';

/** Which events a follower wants. An event must fit every part that is given; of types, one is enough. */
export const eventSelectionSchema = z.strictObject({
  stream: z.string().min(1).max(120).optional().describe('One stream by its whole name: `task-tsk_…`'),
  category: z
    .string()
    .regex(/^[a-z][A-Za-z0-9]{0,39}$/, 'must be a category: the part of a stream’s name before the dash')
    .optional()
    .describe('All streams of a kind: `task`, `agent`, `workflow`, …'),
  types: fields.types.optional(),
  workflowId: fields.workflowId.optional(),
  taskId: fields.taskId.optional(),
});

export interface EventSelection {
  /** Equal for selections that let the same events pass. */
  key: string;
  /** What the store can leave out by itself; every event is asked again by `matches`. */
  filter: EventFilter | undefined;
  matches(event: StoredEvent): boolean;
}

/** The selection with whole ids, narrowed to what the principal may see: an agent sees the events of its own task only. */
export async function selectEvents(
  asked: z.infer<typeof eventSelectionSchema>,
  principal: Principal,
  ids: IdIndex,
): Promise<EventSelection | Failure> {
  const whole = await withWholeIds(asked, { ids });
  if (isFailure(whole)) return whole;
  const narrowed = narrow(whole, principal);
  return isFailure(narrowed) ? narrowed : selectionOf(narrowed);
}

type Asked = z.infer<typeof eventSelectionSchema>;

function narrow(asked: Asked, { role, agent }: Principal): Asked | Failure {
  if (role !== 'worker') return asked;
  if (!agent) return denied('auth.not_yours', 'This agent has no task.');
  if (asked.taskId !== undefined && asked.taskId !== agent.taskId)
    return denied('auth.not_yours', `Your task is ${agent.taskId}.`);
  if (asked.workflowId !== undefined && asked.workflowId !== agent.workflowId)
    return denied('auth.not_yours', `Your workflow is ${agent.workflowId}.`);
  return { ...asked, taskId: agent.taskId, workflowId: agent.workflowId };
}

function selectionOf({ stream, category, types, workflowId, taskId }: Asked): EventSelection {
  const prefix = stream ?? (category === undefined ? undefined : `${category}-`);
  const wanted = types && new Set(types);
  const filter: EventFilter = {
    ...(prefix !== undefined && { streamPrefixes: [prefix] }),
    ...(types && { types }),
    ...(workflowId !== undefined && { workflowId }),
  };
  return {
    key: JSON.stringify([stream, category, types && [...types].sort(), workflowId, taskId]),
    filter: Object.keys(filter).length > 0 ? filter : undefined,
    matches: ({ stream: name, type, meta: { scope } }) =>
      (stream === undefined || name === stream) &&
      (category === undefined || name.startsWith(`${category}-`)) &&
      (wanted === undefined || wanted.has(type)) &&
      (workflowId === undefined || scope?.workflowId === workflowId) &&
      (taskId === undefined || scope?.taskId === taskId),
  };
}
