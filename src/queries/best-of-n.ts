import { z } from 'zod';
import { type Failure, invalid, isFailure } from '../kernel/errors.ts';
import { resolveId } from '../kernel/resolve-id.ts';
import { buildIdOf, parseBuildId } from '../machines/best-of-n/index.ts';
import type { View } from '../projections/index.ts';
import { PEOPLE, query, type QueryContext } from './define-queries.ts';
import { fields, withWholeIds } from './fields.ts';
import { fresh } from './fresh.ts';

type Row = View['rows'][string];

/** For people: a candidate that knew what the others do would be no candidate of its own. */
export const getBestOfN = query({
  v: 1,
  summary:
    'The candidates of one best-of-N side by side: checks, scores by part, sizes, costs and times, and every verdict.',
  schema: z.strictObject({ bestOfNId: fields.bestOfNId }),
  roles: PEOPLE,
  tool: true,
  cli: 'best-of show <bestOfNId>',
  example: 'heph best-of show bon_01k',
  async run(input, context) {
    const asked = await withWholeIds(input, context);
    if (isFailure(asked)) return asked;
    const view = await fresh('best-of-n', { bestOfNId: asked.bestOfNId }, context);
    if (view.summary.bestOfNId === null) return invalid('id.unknown', `There is no best-of-N ${asked.bestOfNId}.`);
    return { ...view, rows: await withTasks(view, context) };
  },
});

export const listBestOfN = query({
  v: 1,
  summary: 'Every best-of-N with its state, what became of its candidates and who won, newest first.',
  schema: z.strictObject({
    status: z.string().max(40).optional().describe('Only those in this state, e.g. building or completed'),
    limit: fields.limit(1000, 50),
  }),
  roles: PEOPLE,
  tool: true,
  cli: 'best-of list',
  example: 'heph best-of list --status completed',
  async run(input, context) {
    return { ...(await fresh('builds', { show: 'runs', ...input }, context)) };
  },
});

export const getBuilds = query({
  v: 1,
  summary:
    'Candidates over all best-of-Ns: the newest, the best, or those that one was made from or that were made from it.',
  schema: z.strictObject({
    bestOfNId: fields.bestOfNId.optional().describe('Builds of this best-of-N only'),
    build: z.string().min(1).max(80).optional().describe('One build, as bon_…/2; a prefix of the run will do'),
    relation: z.enum(['ancestors', 'descendants']).optional().describe('Those that are related to the build so'),
    order: z.enum(['recent', 'top']).optional().describe('Newest first (the default), or highest total first'),
    limit: fields.limit(1000, 50),
  }),
  roles: PEOPLE,
  tool: true,
  cli: 'best-of builds',
  example: 'heph best-of builds --order top --limit 10',
  async run(input, context) {
    const asked = await withWholeIds(input, context);
    if (isFailure(asked)) return asked;
    const build = asked.build === undefined ? undefined : await wholeBuild(asked.build, context);
    if (isFailure(build)) return build;
    return { ...(await fresh('builds', { ...asked, ...(build !== undefined && { build }) }, context)) };
  },
});

export const getBestOfNStats = query({
  v: 1,
  summary: 'How agents, models and mutators have fared over all best-of-Ns: win rate, regret and cost.',
  schema: z.strictObject({
    by: z.enum(['agent', 'model', 'mutator']).optional().describe('Only by this; default: by each'),
  }),
  roles: PEOPLE,
  tool: true,
  cli: 'best-of stats',
  example: 'heph best-of stats --by agent',
  async run(input, context) {
    return { ...(await fresh('builds', { show: 'stats', ...input }, context)) };
  },
});

async function wholeBuild(text: string, { ids }: QueryContext): Promise<string | Failure> {
  const ref = parseBuildId(text);
  if (isFailure(ref)) return ref;
  const bestOfNId = await resolveId('bon', ref.bestOfNId, ids);
  return isFailure(bestOfNId) ? bestOfNId : buildIdOf({ bestOfNId, index: ref.index });
}

/** Beside a candidate that is being built, where its task is and, if it does not run, why. */
async function withTasks({ rows, summary }: View, context: QueryContext): Promise<Record<string, Row>> {
  const { workflowId } = summary;
  const queue = typeof workflowId === 'string' ? (await fresh('queue', { workflowId }, context)).rows : {};
  return Object.fromEntries(Object.entries(rows).map(([build, row]) => [build, { ...row, task: taskOf(row, queue) }]));
}

function taskOf({ taskId }: Row, queue: Record<string, Row>): Row | null {
  const row = typeof taskId === 'string' ? queue[taskId] : undefined;
  if (!row) return null;
  const { status, running, agentId, position, reasons } = row;
  return { status, running, agentId, linePosition: position, reasons };
}
