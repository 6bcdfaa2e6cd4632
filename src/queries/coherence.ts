import { z } from 'zod';
import { isFailure } from '../kernel/errors.ts';
import {
  judge,
  type Measured,
  SIGNALS,
  type SignalName,
  type Signals,
  type Thresholds,
  thresholdsSchema,
  type Weights,
  weightsSchema,
} from '../machines/guardian/index.ts';
import { EVERYONE, PEOPLE, query, visibleWorkflow } from './define-queries.ts';
import { fields, withWholeIds, workflowOf } from './fields.ts';

export const getCoherence = query({
  v: 1,
  summary:
    'Per agent what its guardian measured, its coherence score over time, warnings and what followed; unknown where nothing was measured.',
  schema: z.strictObject({ agentId: fields.agentId.optional(), workflowId: fields.workflowId.optional() }),
  roles: EVERYONE,
  tool: true,
  cli: 'coherence [agentId]',
  example: 'heph coherence',
  async run(input, context) {
    const asked = await withWholeIds(input, context);
    if (isFailure(asked)) return asked;
    const { agentId } = asked;
    const ofAgent = agentId === undefined ? undefined : await workflowOf(`agent-${agentId}`, context);
    // An orphan of which the log knows nothing else belongs to no workflow; people may look at it all the same.
    if (isFailure(ofAgent) && context.principal.role === 'worker') return ofAgent;
    const workflowId = visibleWorkflow(isFailure(ofAgent) ? asked.workflowId : (ofAgent ?? asked.workflowId), context);
    if (isFailure(workflowId)) return workflowId;
    const params = { ...(workflowId !== undefined && { workflowId }), ...(agentId !== undefined && { agentId }) };
    return { ...(await context.views.view('coherence', params)) };
  },
});

/** So many recorded verdicts are reached again at a time. */
const VERDICTS_MAX = 20_000;
const DIFFERENT_MAX = 20;

export const tryCoherence = query({
  v: 1,
  summary:
    'Reaches recorded verdicts again from their measures, under other thresholds or weights, and tells what would have been different. Changes nothing.',
  schema: z.strictObject({
    thresholds: thresholdsSchema.partial().default({}).describe('Those that are to be tried, e.g. {"loopsMax": 3}'),
    weights: weightsSchema.partial().default({}).describe('Those that are to be tried, e.g. {"budget": 0}'),
    workflowId: fields.workflowId.optional(),
    agentId: fields.agentId.optional(),
    limit: fields.limit(VERDICTS_MAX, 5_000).describe('So many of the newest verdicts'),
  }),
  roles: PEOPLE,
  cli: 'guardian try',
  example: `heph guardian try --thresholds '{"loopsMax": 3}'`,
  async run(input, context) {
    const asked = await withWholeIds(input, context);
    if (isFailure(asked)) return asked;
    const { workflowId, agentId } = asked;
    const filter = { types: ['AgentJudged'], ...(workflowId !== undefined && { workflowId }) };
    const tally = startTally();
    let count = 0;
    for await (const event of context.store.readAll({ direction: 'backwards', filter })) {
      if (agentId !== undefined && event.meta.scope?.agentId !== agentId) continue;
      if (++count > asked.limit) break;
      tally.add(event as unknown as Recorded, asked);
    }
    return { ...tally.result() };
  },
});

interface Recorded {
  id: string;
  position: bigint;
  at: number;
  meta: { scope?: { agentId?: string } };
  data: { measured: Measured; signals: Signals; score: number | null; thresholds: Thresholds; weights: Weights };
}

/** A key that was not given stays as it was then. */
const over = <T extends object>(then: T, tried: { [K in keyof T]?: T[K] | undefined }): T =>
  ({ ...then, ...Object.fromEntries(Object.entries(tried).filter(([, value]) => value !== undefined)) }) as T;

function startTally() {
  const counts = Object.fromEntries(SIGNALS.map((name) => [name, { warned: 0, wouldWarn: 0 }])) as Record<
    SignalName,
    { warned: number; wouldWarn: number }
  >;
  const scores = { before: mean(), after: mean() };
  const different: Record<string, unknown>[] = [];
  let verdicts = 0;
  return {
    add({ id, position, at, meta, data }: Recorded, tried: { thresholds: object; weights: object }): void {
      const thresholds = over(data.thresholds, tried.thresholds);
      const now = judge(data.measured, thresholds, over(data.weights, tried.weights));
      verdicts++;
      scores.before.add(data.score);
      scores.after.add(now.score);
      for (const name of SIGNALS) {
        const warned = (data.signals[name].trouble ?? 0) >= data.thresholds.warnAt;
        const wouldWarn = (now.signals[name].trouble ?? 0) >= thresholds.warnAt;
        counts[name].warned += warned ? 1 : 0;
        counts[name].wouldWarn += wouldWarn ? 1 : 0;
        if (warned === wouldWarn || different.length >= DIFFERENT_MAX) continue;
        const agentId = meta.scope?.agentId ?? null;
        different.push({
          agentId,
          signal: name,
          warned,
          wouldWarn,
          why: now.signals[name].why,
          at,
          ...of(id, position),
        });
      }
    },
    result: () => ({
      verdicts,
      score: { recorded: scores.before.value(), tried: scores.after.value() },
      signals: SIGNALS.map((name) => ({ signal: name, ...counts[name] })),
      different,
    }),
  };
}

const of = (eventId: string, position: bigint) => ({ eventId, position: position.toString() });

/** Of what is known. */
function mean() {
  let sum = 0;
  let count = 0;
  return {
    add(value: number | null) {
      if (value === null) return;
      sum += value;
      count += 1;
    },
    value: () => (count === 0 ? null : Math.round((sum / count) * 1000) / 1000),
  };
}
