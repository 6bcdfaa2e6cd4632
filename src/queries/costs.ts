import { z } from 'zod';
import { isFailure } from '../kernel/errors.ts';
import { COST_GROUPS } from '../projections/index.ts';
import { PEOPLE, query } from './define-queries.ts';
import { fields, withWholeIds } from './fields.ts';
import { fresh } from './fresh.ts';

export const getCosts = query({
  v: 1,
  summary: 'Tokens and money by workflow, phase, task, agent or model, and over time; what nobody reported is null.',
  schema: z.strictObject({
    workflowId: fields.workflowId.optional().describe('Of this workflow only'),
    by: z.enum(COST_GROUPS).default('workflow').describe('What they are summed by'),
    limit: fields.limit(1000, 50),
    at: fields.position.optional().describe('As it was at that position'),
  }),
  roles: PEOPLE,
  cli: 'cost',
  example: 'heph cost --by model',
  async run({ at, ...input }, context) {
    const params = await withWholeIds(input, context);
    if (isFailure(params)) return params;
    return {
      ...(at === undefined
        ? await fresh('cost', params, context)
        : await context.views.view('cost', params, { at: BigInt(at) })),
    };
  },
});
