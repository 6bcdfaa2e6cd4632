import { z } from 'zod';
import { defineProjection, type FoldedView } from '../define-projection.ts';
import { foldQueue } from './fold.ts';
import { renderQueue } from './render.ts';
import { initialQueue, type QueueState } from './state.ts';

/**
 * What runs next and, for everything open that does not run, why. The order is the dispatcher's own (`order.ts`), asked
 * with the same slots and the same settings, so the view and the fleet cannot disagree.
 */
export const queueProjection = defineProjection<QueueState>({
  name: 'queue',
  v: 3,
  init: initialQueue,
  fold: foldQueue,
  render: renderQueue,
});

export const queueView: FoldedView = {
  name: 'queue',
  params: z.strictObject({ workflowId: z.string().optional() }),
  overall: queueProjection,
};

export { type Candidate, lineUp, type Place, queueOrder, type SlotsTaken } from './order.ts';
export type { Reason } from './reasons.ts';
export { line, type QueuedTask, type QueueState } from './state.ts';
