import type { Check } from './definition.ts';
import type { CachedResult, CheckParts } from './ports.ts';
import type { CheckOutcome } from './results.ts';
import { outcomeFromCache } from './run-one.ts';

/**
 * The outcome that is kept under the key, if it may be believed: young enough where that matters, and no failure unless
 * `takesFailures`. It says why it may, and how old it is.
 */
export async function believed(
  check: Check,
  key: string | null,
  takesFailures: boolean,
  parts: CheckParts,
): Promise<CheckOutcome | null> {
  const limitMs = cacheLimitOf(check, parts);
  const found = key !== null && limitMs !== 0 ? await parts.cache.read(key) : null;
  if (!found || key === null) return null;
  const ageMs = parts.clock.now() - found.at;
  if (limitMs !== null && (ageMs < 0 || ageMs >= limitMs)) return null;
  if (found.status === 'failed' && !takesFailures) return null;
  return outcomeFromCache(check, key, found, `${reasonToBelieve(check, found, limitMs)}, ${ago(ageMs)}`);
}

/** Keeps an outcome under its key. */
export async function keep(outcome: CheckOutcome, key: string, { cache, clock }: CheckParts): Promise<void> {
  const { name, status, durationMs, exitCode, tail, tests, why } = outcome;
  if (status !== 'passed' && status !== 'failed' && status !== 'warning') return;
  await cache.write(key, { name, status, at: clock.now(), durationMs, exitCode, tail, tests, why });
}

/** For how long a result may be used again (ms); null where the inputs alone can tell, 0 for never. */
export function cacheLimitOf(check: Check, { builtIns }: CheckParts): number | null {
  return check.cacheForMs ?? (check.builtin ? builtIns[check.builtin].cacheForMs : null);
}

/** Whether a command's result depends on nothing but the inputs: a test that failed once and passed once does not. */
export function isKept({ status, attempts }: CheckOutcome): boolean {
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
