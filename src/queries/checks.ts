import { z } from 'zod';
import { HephError, invalid, isFailure } from '../kernel/errors.ts';
import type { JudgeRecord } from '../machines/task/index.ts';
import type { CheckSummary } from '../machines/workflow/index.ts';
import { CHECK_KINDS, sentenceOf } from '../projections/index.ts';
import type { CheckResult } from '../runtime/runner.ts';
import { PEOPLE, query, type QueryContext } from './define-queries.ts';
import { fields, withWholeIds } from './fields.ts';
import { findEvent } from './find-event.ts';
import { fresh } from './fresh.ts';

/** Of a check with more failing tests, the first so many are told. */
const FAILURES_MAX = 100;

export const getChecks = query({
  v: 1,
  summary:
    'Checks that were recorded: those of a person, before runs, of tasks’ work, of merges and of results; newest first.',
  schema: z.strictObject({
    workflowId: fields.workflowId.optional().describe('Of this workflow only'),
    kind: z.enum(CHECK_KINDS).optional().describe('Only where it was asked for there'),
    failed: z.boolean().default(false).describe('Only those that did not pass'),
    limit: fields.limit(1000, 50),
    at: fields.position.optional().describe('As it was at that position'),
  }),
  roles: PEOPLE,
  cli: 'checks',
  example: 'heph checks --failed',
  async run({ at, ...input }, context) {
    const params = await withWholeIds(input, context);
    if (isFailure(params)) return params;
    const view =
      at === undefined ? fresh('checks', params, context) : context.views.view('checks', params, { at: BigInt(at) });
    return { ...(await view) };
  },
});

export const getCheck = query({
  v: 1,
  summary: 'What one recorded check said: each of its checks, the tests that failed, and the end of its output.',
  schema: z.strictObject({
    eventId: z.string().min(5).max(60).describe('The event that it was recorded with (evt_…)'),
    position: fields.position.optional().describe('Where that event is, if it is known: it is found at once then'),
  }),
  roles: PEOPLE,
  cli: 'checks show <eventId>',
  example: 'heph checks show evt_01k',
  async run(input, context) {
    const event = await findEvent(context.store, input, await context.store.head());
    if (isFailure(event)) return event;
    const { check, judge } = event.data as { check?: CheckSummary | string | null; judge?: JudgeRecord };
    const asked = [
      // In a task's own settings the word stands for the command.
      ...(check && typeof check === 'object' ? [{ of: 'work', summary: check }] : []),
      ...(judge ? [{ of: 'own_judge', summary: judge.own.check }] : []),
      ...(judge?.original ? [{ of: 'base_judge', summary: judge.original.check }] : []),
    ];
    if (asked.length === 0) return invalid('input.invalid', `${event.type} at ${event.position} holds no check.`);
    const results: Record<string, unknown>[] = [];
    for (const { of, summary } of asked) results.push({ of, summary, ...(await resultOf(summary, context)) });
    const { id: eventId, position, type, at } = event;
    return { eventId, position: position.toString(), type, at, text: sentenceOf(event), results };
  },
});

/** What the blob holds, or why there is nothing in it to read. */
async function resultOf({ resultHash }: CheckSummary, { blobs }: QueryContext): Promise<Record<string, unknown>> {
  const nothing = { tail: null, source: null, checks: null, failures: null, failuresMore: 0, fixed: [] };
  if (resultHash === null) return { ...nothing, missing: 'Nothing more than this was recorded.' };
  try {
    const result = JSON.parse(Buffer.from(await blobs.get(resultHash)).toString('utf8')) as CheckResult;
    const failed = result.tests?.filter(({ status }) => status === 'failed') ?? null;
    return {
      ...{ tail: result.tail, source: result.source ?? null, checks: result.checks ?? null, fixed: result.fixed ?? [] },
      failures:
        failed &&
        failed.slice(0, FAILURES_MAX).map(({ id, file, name, message = null }) => ({ id, file, name, message })),
      failuresMore: Math.max(0, (failed?.length ?? 0) - FAILURES_MAX),
      missing: null,
    };
  } catch (error) {
    if (error instanceof HephError && error.code === 'blob.not_found')
      return { ...nothing, missing: 'What it said is not on this server.' };
    throw error;
  }
}
