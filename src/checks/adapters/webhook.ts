import { messageOf } from '../../kernel/errors.ts';
import type { CheckRun } from '../results.ts';

const WEBHOOK_MS = 5_000;

/**
 * Tells an address that a run is over: names, states and numbers, no output and no path. Waits for a bounded time, follows no
 * redirection, throws nothing: what became of it is part of the run.
 */
export async function tellWebhook(url: string, run: CheckRun): Promise<NonNullable<CheckRun['webhook']>> {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    return { delivered: false, detail: 'its address is neither http nor https' };
  const checks = run.checks.map(({ name, status, cached, durationMs, tests }) => ({
    name,
    status,
    cached,
    durationMs,
    passed: tests?.passed ?? null,
    failed: tests?.failed ?? null,
  }));
  const { runId, repositoryId, state, startedAt, durationMs, savedMs, head, clean } = run;
  const body = JSON.stringify({
    type: 'check_run',
    runId,
    repositoryId,
    state,
    startedAt,
    durationMs,
    savedMs,
    head,
    clean,
    checks,
  });
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(WEBHOOK_MS),
    });
    await answer.body?.cancel();
    return { delivered: answer.ok, detail: `it answered ${answer.status}` };
  } catch (error) {
    const cause = error instanceof Error && error.cause ? `: ${messageOf(error.cause)}` : '';
    return { delivered: false, detail: `${messageOf(error)}${cause}` };
  }
}
