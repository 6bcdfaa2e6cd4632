import { z } from 'zod';
import { isFailure } from '../kernel/errors.ts';
import { describedSettings } from '../machines/config/index.ts';
import { EVERYONE, type HealthCheck, PEOPLE, query, type QueryContext } from './define-queries.ts';
import { fields, type Named, withWholeIds } from './fields.ts';

export const getView = query({
  v: 1,
  summary: 'A view: rows and summary, now or as of an earlier position.',
  schema: z.strictObject({
    view: z.string().min(1).max(40).describe('queue, workflow, fleet, timeline, …'),
    params: z.record(z.string(), z.unknown()).default({}),
    at: fields.position.optional().describe('Every event up to here is applied, and none after it'),
    until: fields.position.optional().describe('Not before this position is applied: read your writes'),
  }),
  roles: PEOPLE,
  cli: 'view <view>',
  example: `heph view timeline --params '{"limit": 20}'`,
  async run({ view, params, at, until }, context) {
    const whole = await withWholeIds(params as Named & Record<string, unknown>, context);
    if (isFailure(whole)) return whole;
    const when = { ...(at !== undefined && { at: BigInt(at) }), ...(until !== undefined && { until: BigInt(until) }) };
    return { ...(await context.views.view(view, whole, when)) };
  },
});

export const rebuildView = query({
  v: 1,
  summary: 'Folds a view anew from the log beside the one that serves, and tells whether both are the same.',
  schema: z.strictObject({ view: z.string().min(1).max(40).describe('queue, workflow, fleet, …') }),
  // It reads the whole log.
  roles: ['operator'],
  example: 'heph rebuild queue',
  async run({ view }, context) {
    return { ...(await context.views.rebuild(view)) };
  },
});

export const getConfig = query({
  v: 1,
  summary: 'The settings in force, for each that is no default who set it, and what each of them means.',
  schema: z.strictObject({}),
  // Settings may hold what an agent's environment needs, so not everybody who may look may see them.
  roles: ['operator'],
  cli: 'config',
  example: 'heph config',
  async run(_input, context) {
    return { ...(await context.views.view('config')), described: describedSettings() };
  },
});

export const listWorkflowDefinitions = query({
  v: 1,
  summary: 'Workflows that can be started, with their parameters and phases; a broken one with its mistake.',
  schema: z.strictObject({}),
  roles: EVERYONE,
  tool: true,
  cli: 'list workflow-definitions',
  example: 'heph list workflow-definitions',
  async run(_input, { definitions }) {
    return { definitions: await definitions.list() };
  },
});

export const healthCheck = query({
  v: 1,
  summary: 'Whether the server is well, part by part; what nobody measured is unknown.',
  schema: z.strictObject({}),
  roles: EVERYONE,
  tool: true,
  cli: 'health',
  example: 'heph health',
  async run(_input, context) {
    const { checks, dataDirectory, logBytes, ...health } = await context.health();
    const all = withViews(checks, context);
    // An agent has no business in the data directory.
    const where = context.principal.role === 'worker' ? {} : { dataDirectory, logBytes };
    return { status: worst(all), ...health, ...where, position: context.views.position().toString(), checks: all };
  },
});

/** Every part that the server knows of, its views among them. */
export async function healthOf(context: QueryContext): Promise<HealthCheck[]> {
  return withViews((await context.health()).checks, context);
}

/** The server may have looked at its views itself. */
function withViews(checks: readonly HealthCheck[], context: QueryContext): HealthCheck[] {
  const known = new Set(checks.map(({ name }) => name));
  return [...checks, ...viewChecks(context).filter(({ name }) => !known.has(name))];
}

const BADNESS: readonly HealthCheck['status'][] = ['ok', 'unknown', 'degraded', 'failed'];

function worst(checks: readonly HealthCheck[]): HealthCheck['status'] {
  const worstOf = Math.max(0, ...checks.map((check) => BADNESS.indexOf(check.status)));
  return checks.length === 0 ? 'unknown' : (BADNESS[worstOf] as HealthCheck['status']);
}

function viewChecks({ views }: QueryContext): HealthCheck[] {
  const { feed, reason, views: folded } = views.status();
  const fed: HealthCheck = {
    name: 'views',
    status: feed === 'live' ? 'ok' : feed === 'catching_up' ? 'degraded' : 'failed',
    detail: reason ?? feed.replace('_', ' '),
  };
  const degraded = folded.flatMap(({ view, degraded: bad }) =>
    bad
      ? [
          {
            name: `view ${view}`,
            status: 'degraded' as const,
            detail: `${bad.count} events could not be folded; the first is ${bad.type} at ${bad.position}: ${bad.message}`,
          },
        ]
      : [],
  );
  return [fed, ...degraded];
}
