import { Fault } from '../kernel/errors.ts';
import type { Check, CheckDefinition } from './definition.ts';
import { readInputs } from './key.ts';
import { createLane } from './lane.ts';
import type { CachedResult, CheckParts, Progress } from './ports.ts';
import { type CheckOutcome, type CheckRun, savedMsOf, stateOf } from './results.ts';
import { outcomeFromCache, outcomeOf, runOne } from './run-one.ts';
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

  async function settle({ check, skipped }: Chosen): Promise<Settled> {
    const needs = await Promise.all(check.needs.map((name) => settled.get(name) as Promise<Settled>));
    const tokens = needs.every(({ token }) => token !== null)
      ? Object.fromEntries(needs.map(({ outcome, token }) => [outcome.name, token as string]))
      : null;
    const key = tokens && (await keyOf(check, tokens, !dryRun));
    const end = (outcome: CheckOutcome, blocks = outcome.status === 'failed' || outcome.status === 'cancelled') => {
      onProgress({ type: 'ended', outcome });
      const odd = outcome.status === 'passed' || outcome.status === 'skipped' ? '' : ` ${outcome.status}`;
      return { outcome, blocks, token: key && `${key}${odd}` };
    };
    const skip = (why: string, blocks: boolean) => end(outcomeOf(check, { status: 'skipped', why, key }), blocks);
    if (skipped) return skip(skipped, false);
    const broken = needs.find(({ blocks }) => blocks)?.outcome;
    if (broken)
      return skip(
        `it needs ${broken.name}, which ${broken.status === 'skipped' ? 'did not run' : `${broken.status}`}`,
        true,
      );
    const known = await fromCache(check, key);
    if (known) return end(known);
    if (request.select.fast && !check.tags.includes('fast'))
      return skip('--fast: it is not tagged fast, and nothing is known of these inputs', true);
    if (signal.aborted) return end(outcomeOf(check, { status: 'cancelled', why: 'it was not started', key }));
    if (dryRun)
      return skip(
        key ? 'it would run: nothing is known of these inputs' : 'it would run: its inputs cannot be told',
        false,
      );
    const whole = needs.every(({ outcome }) => outcome.status !== 'skipped');
    return end(check.builtin ? await lookAt(check, key) : await lane(() => execute(check, key, tokens ?? {}, whole)));
  }

  async function fromCache(check: Check, key: string | null): Promise<CheckOutcome | null> {
    const limitMs = cacheLimitOf(check, parts);
    const found = key !== null && limitMs !== 0 ? await cache.read(key) : null;
    if (!found || key === null) return null;
    const ageMs = clock.now() - found.at;
    if (limitMs !== null && (ageMs < 0 || ageMs >= limitMs)) return null;
    // A failure is what one wants to see vanish, and its reason may lie where no input tells of it.
    const takesFailures = request.select.fast && !check.tags.includes('fast');
    if (found.status === 'failed' && !takesFailures) return null;
    return outcomeFromCache(check, key, found, `${reasonToBelieve(check, found, limitMs)}, ${ago(ageMs)}`);
  }

  async function lookAt(check: Check, key: string | null): Promise<CheckOutcome> {
    const outcome = await runOne(check, key, parts, one(check));
    if (key !== null && cacheLimitOf(check, parts) !== 0 && outcome.status === 'passed') await keep(outcome, key);
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
      const known = waited ? await fromCache(check, key) : null;
      if (known) return known;
      const outcome = await runOne(check, key, parts, one(check));
      if (key === null || !whole || cacheLimitOf(check, parts) === 0 || !isKept(outcome)) return outcome;
      const after = await (await readInputs(parts.inputs, [check], parts.builtIns))(check, tokens, true);
      if (after === key) await keep(outcome, key);
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
  const keep = ({ name, status, durationMs, exitCode, tail, tests, why }: CheckOutcome, key: string) =>
    cache.write(key, {
      name,
      status: status as CachedResult['status'],
      at: clock.now(),
      durationMs,
      exitCode,
      tail,
      tests,
      why,
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

function cacheLimitOf(check: Check, { builtIns }: CheckParts): number | null {
  return check.cacheForMs ?? (check.builtin ? builtIns[check.builtin].cacheForMs : null);
}

/** A result that depends on nothing but the inputs. A test that failed once and passed once does not. */
function isKept({ status, attempts }: CheckOutcome): boolean {
  return attempts > 0 && (status === 'passed' || status === 'failed' || status === 'warning');
}

function reasonToBelieve(check: Check, { status }: CachedResult, limitMs: number | null): string {
  const same = check.env.length > 0 ? 'same files, variables and tools' : 'same files and tools';
  const young = limitMs === null || limitMs === Number.POSITIVE_INFINITY ? '' : ', and young enough';
  return `${same} as when it ${status === 'warning' ? 'gave this warning' : status}${young}`;
}

function ago(ms: number): string {
  const [amount, unit] =
    ms < 60_000
      ? [1000, 's']
      : ms < 3_600_000
        ? [60_000, 'min']
        : ms < 86_400_000
          ? [3_600_000, 'h']
          : [86_400_000, 'days'];
  return `${Math.max(0, Math.floor(ms / (amount as number)))} ${unit} ago`;
}

/** The tests that failed when a check last ran on a commit as it is. */
function createBaseline({ runs }: CheckParts): (name: string) => Promise<readonly string[] | null> {
  const list = once(() => runs.list());
  return async (name) => {
    for (const run of await list()) {
      const tests = run.clean === true ? run.checks.find((check) => check.name === name && !check.cached)?.tests : null;
      if (tests) return tests.failing;
    }
    return null;
  };
}

async function refuseFullDisk({ cache }: CheckParts): Promise<void> {
  const free = await cache.freeBytes();
  if (free >= FREE_BYTES_LEAST) return;
  const found = `${Math.floor(free / 1024 ** 2)} MiB are free where results are kept, and 1024 are needed.`;
  throw new Fault('check.no_space', `Nothing was started: ${found}`, { retryable: true });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}
