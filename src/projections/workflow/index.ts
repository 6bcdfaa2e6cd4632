import { z } from 'zod';
import type { FoldedView } from '../define-projection.ts';
import { detailProjection } from './detail.ts';
import { overviewProjection } from './overview.ts';

export { type Detail, foldDetail, initialDetail, taskRow } from './detail.ts';

/** Without a workflow: a row for each. With one: its phases, the tree of tasks as agents grew it, progress and results. */
export const workflowView: FoldedView = {
  name: 'workflow',
  params: z.strictObject({ workflowId: z.string().optional() }),
  overall: overviewProjection,
  ofWorkflow: detailProjection,
};
