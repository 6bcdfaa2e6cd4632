import { z } from 'zod';
import { defineProjection, type FoldedView } from '../define-projection.ts';
import { foldCost } from './fold.ts';
import { type CostParams, GROUPS, renderCost } from './render.ts';
import { type CostState, initialCost } from './state.ts';

export { GROUPS as COST_GROUPS } from './render.ts';

/** Tokens and money by task, agent, phase, workflow or model, and over time; what nobody reported is null. */
export const costView: FoldedView = {
  name: 'cost',
  params: z.strictObject({
    workflowId: z.string().optional(),
    by: z.enum(GROUPS).default('workflow'),
    limit: z.number().int().min(1).max(1000).default(200),
  }),
  overall: defineProjection<CostState>({
    name: 'cost',
    v: 1,
    init: initialCost,
    fold: foldCost,
    render: (state, params, moment) => renderCost(state, params as unknown as CostParams, moment),
  }),
};
