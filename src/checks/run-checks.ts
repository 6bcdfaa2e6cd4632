import { Fault } from '../kernel/errors.ts';
import { createBaseline } from './baseline.ts';
import { believed, cacheLimitOf, isKept, keep } from './belief.ts';
import type { Check, CheckDefinition } from './definition.ts';
import { readInputs } from './key.ts';
import { createLane } from './lane.ts';
import { once } from './once.ts';
import type { CheckParts, Progress } from './ports.ts';
import { type CheckOutcome, type CheckRun, savedMsOf, stateOf } from './results.ts';
import { outcomeOf, runOne } from './run-one.ts';
import { type Chosen, type Selection, select } from './select.ts';

export interface CheckRequest {
  runId: string;
  repositoryId: string;
  /** The root of the tree that is checked. */
  folder: string;
  definition: CheckDefinition;
  select: Selection;
  /** How many commands run at a time; null: as the definition says, else one per core. */
  jobs: number | null;
  /** Says only what would happen: nothing is run, claimed or kept. */
  dryRun: boolean;
  signal: AbortSignal;
}

const FREE_BYTES_LEAST = 1024 ** 3;

interface Settled {
  outcome: CheckOutcome;
  /** Whether what needs it cannot run. */
  blocks: boolean;
  /** Whether a person left it or something below it out, so that what needs it ran on less than it is to run on. */
  missing: boolean;
  /** What stands for its result in the keys of those that need it; null when nobody can tell. */
  token: string | null;
}

/**
 * Runs the chosen checks as the graph of their needs allows, side by side within the limit of jobs, and answers from the
 * cache where the inputs are the same. What was finished is kept although the run is interrupted. Throws
 * `check.unknown_name`, and Fault `check.no_space` before the first command when the disk is full.
 */
export async function runChecks(
  request: CheckRequest,
  parts: CheckParts,
  onProgress: (progress: Progress) => void = () => {},
): Promise<CheckRun> {
  const { clock, cache } = parts;
  const { definition, signal, runId, dryRun } = request;
  const startedAt = clock.now();
  const from = clock.monotonicMs();
  const chosen = select(definition.checks, request.select, parts.inputs.platform.name);
  const keyOf = await readInputs(
    parts.inputs,
    chosen.map(({ check }) => check),
    parts.builtIns,
  );
  const lane = createLane(request.jobs ?? definition.jobs ?? parts.cores);
  const base = createBaseline(parts);
  const settled = new Map<string, Promise<Settled>>();
  const prepare = once(async () => {
    await refuseFullDisk(parts);
    await parts.runs.openOutputs(runId);
  });
  const head = once(() => parts.head());

  async function settle({ check, skipped, byHand }: Chosen): Promise<Settled> {
    const needs = await Promise.all(check.needs.map((name) => settled.get(name) as Promise<Settled>));
    const tokens = needs.every(({ token }) => token !== null)
      ? Object.fromEntries(needs.map(({ outcome, token }) => [outcome.name, token as string]))
      : null;
    const missing = byHand || needs.some((need) => need.missing);
    const key = tokens && (await keyOf(check, tokens, !dryRun));
    const end = (outcome: CheckOutcome, blocks = outcome.status === 'failed' || outcome.status === 'cancelled') => {
      onProgress({ type: 'ended', outcome });
      const odd = outcome.status === 'passed' || outcome.status === 'skipped' ? '' : ` ${outcome.status}`;
      return { outcome, blocks, missing, token: key && `${key}${odd}` };
    };
    const skip = (why: string, blocks: boolean) => end(outcomeOf(check, { status: 'skipped', why, key }), blocks);
    if (skipped) return skip(skipped, false);
    const broken = needs.find(({ blocks }) => blocks)?.outcome;
    if (broken)
      return skip(
        `it needs ${broken.name}, which ${broken.status === 'skipped' ? 'did not run' : `${broken.status}`}`,
        true,
      );
    // A failure is what one wants to see vanish, and its reason may lie where no input tells of it.
    const takesFailures = request.select.fast && !check.tags.includes('fast');
    const known = await believed(check, key, takesFailures, parts);
    if (known) return end(known);
    if (request.select.fast && !check.tags.includes('fast'))
      return skip('--fast: it is not tagged fast, and nothing is known of these inputs', true);
    if (signal.aborted) return end(outcomeOf(check, { status: 'cancelled', why: 'it was not started', key }));
    if (dryRun)
      return skip(
        key ? 'it would run: it has not passed with these inputs' : 'it would run: its inputs cannot be told',
        false,
      );
    return end(
      check.builtin ? await lookAt(check, key) : await lane(() => execute(check, key, tokens ?? {}, !missing)),
    );
  }

  async function lookAt(check: Check, key: string | null): Promise<CheckOutcome> {
    const outcome = await runOne(check, key, parts, one(check));
    if (key !== null && cacheLimitOf(check, parts) !== 0 && outcome.status === 'passed')
      await keep(outcome, key, parts);
    return outcome;
  }

  async function execute(
    check: Check,
    key: string | null,
    tokens: Record<string, string>,
    whole: boolean,
  ): Promise<CheckOutcome> {
    if (signal.aborted) return outcomeOf(check, { status: 'cancelled', why: 'it was not started', key });
    await prepare();
    let waited = false;
    const wait = (text: string) => {
      waited = true;
      onProgress({ type: 'waiting', name: check.name, text });
    };
    const release = await cache.claim(check.name, key, wait, signal).catch((error: unknown) => {
      if (signal.aborted) return null;
      throw error;
    });
    if (!release) return outcomeOf(check, { status: 'cancelled', why: 'it was not started', key });
    try {
      const known = waited ? await believed(check, key, false, parts) : null;
      if (known) return known;
      const outcome = await runOne(check, key, parts, one(check));
      if (key === null || !whole || cacheLimitOf(check, parts) === 0 || !isKept(outcome)) return outcome;
      const after = await (await readInputs(parts.inputs, [check], parts.builtIns))(check, tokens, true);
      if (after === key) await keep(outcome, key, parts);
      return after === key
        ? outcome
        : { ...outcome, key: null, why: `${outcome.why}; not kept, for its inputs changed meanwhile` };
    } finally {
      await release();
    }
  }

  const one = (check: Check) => ({
    runId,
    signal,
    baseline: base,
    onAttempt: (attempt: number) => onProgress({ type: 'started', name: check.name, attempt }),
  });

  onProgress({ type: 'planned', checks: chosen.map(({ check }) => check.name) });
  for (const choice of chosen) {
    const promise = settle(choice);
    promise.catch(() => {}); // awaited below, all of them
    settled.set(choice.check.name, promise);
  }
  const results = await Promise.allSettled(settled.values());
  const broken = results.find((result) => result.status === 'rejected');
  if (broken) throw broken.reason;
  const checks = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.outcome] : []));
  const at = checks.some(({ attempts }) => attempts > 0) ? await head() : null;
  return {
    runId,
    repositoryId: request.repositoryId,
    folder: request.folder,
    source: definition.source,
    state: stateOf(checks),
    startedAt,
    durationMs: Math.round(clock.monotonicMs() - from),
    savedMs: savedMsOf(checks),
    head: at?.commit ?? null,
    clean: at?.clean ?? null,
    checks,
    fixes: [],
    webhook: null,
  };
}

async function refuseFullDisk({ cache }: CheckParts): Promise<void> {
  const free = await cache.freeBytes();
  if (free >= FREE_BYTES_LEAST) return;
  const found = `${Math.floor(free / 1024 ** 2)} MiB are free where results are kept, and 1024 are needed.`;
  throw new Fault('check.no_space', `Nothing was started: ${found}`, { retryable: true });
}
