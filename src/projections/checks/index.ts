import { z } from 'zod';
import { defineProjection, type FoldedView, type Moment, type Rendered } from '../define-projection.ts';
import { ageMs } from '../evidence.ts';
import { foldChecks } from './fold.ts';
import { type ChecksState, initialChecks } from './state.ts';

/** So many stay in the view of all; of one workflow so many more. */
const ROWS_MAX = 300;
const ROWS_OF_WORKFLOW_MAX = 2000;

export const CHECK_KINDS = ['run', 'baseline', 'gate', 'merge', 'batch', 'result'] as const;

interface ChecksParams {
  kind?: string | undefined;
  failed: boolean;
  limit: number;
}

const checksProjection = (rowsMax: number) =>
  defineProjection<ChecksState>({
    name: rowsMax === ROWS_MAX ? 'checks' : 'checks-of-workflow',
    v: 1,
    init: initialChecks,
    fold: (state, event) => foldChecks(state, event, rowsMax),
    render: (state, params, moment) => render(state, params as unknown as ChecksParams, moment),
  });

function render(state: ChecksState, { kind, failed, limit }: ChecksParams, { asOf }: Moment): Rendered {
  const fits = [...state.rows.values()]
    .reverse()
    .filter((row) => (kind === undefined || row.kind === kind) && (!failed || row.verdict === 'failed'));
  const rows = fits.slice(0, limit).map((row) => [row.key, { ...row, ageMs: ageMs(row.evidence, asOf) }] as const);
  const counts: Record<string, Record<string, number>> = {};
  for (const [key, number] of Object.entries(state.counts)) {
    const [of = '', verdict = ''] = key.split(' ');
    (counts[of] ??= {})[verdict] = number;
  }
  return { rows: Object.fromEntries(rows), summary: { counts, shown: rows.length, more: fits.length > limit } };
}

/** Checks that were recorded, the newest first: those of a person, and those that judged runs, tasks, merges and results. */
export const checksView: FoldedView = {
  name: 'checks',
  params: z.strictObject({
    workflowId: z.string().optional(),
    kind: z.enum(CHECK_KINDS).optional(),
    failed: z.boolean().default(false),
    limit: z.number().int().min(1).max(1000).default(200),
  }),
  overall: checksProjection(ROWS_MAX),
  ofWorkflow: checksProjection(ROWS_OF_WORKFLOW_MAX),
};
