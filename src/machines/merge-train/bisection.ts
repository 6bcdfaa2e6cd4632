import type { CheckSummary } from '../workflow/index.ts';
import type { CurrentMerge } from './state.ts';

/**
 * Who of a batch is at fault. Each member is merged onto the one before it, so the first so many of them are a tree that
 * can be checked. When all of them fail together, the first one whose merge turns a tree that passes into one that fails
 * is found by halves:
 *
 *     passed 0          4         6         8 failed        check 4: passes, check 6: fails, check 5: …
 *     ├───────┼─────────┼────┼────┼─────────┤
 *
 * The one that is found is looked at as one that came by itself: checked on what passes before it, and again before it is
 * blamed. Those before it land, those behind it wait again. So a batch of n runs one check when it passes, and at most
 * 3 + ⌈log₂ n⌉ when one is at fault; each red verdict that does not come again may cost as many.
 */
export interface Step {
  /** So many of the first are checked together; when all of them pass, they land. */
  count: number;
  /** They failed before, and without the last of them they pass: what is decided now is about that one. */
  again: boolean;
}

export function nextStep({ members, passed, failed }: Pick<CurrentMerge, 'members' | 'passed' | 'failed'>): Step {
  const red = failed[0];
  if (red === undefined) return { count: members.length, again: false };
  if (red === passed + 1) return { count: red, again: true };
  return { count: passed + Math.floor((red - passed) / 2), again: false };
}

/** What is known after a check of the first `count`. A green tree clears the red ones below it: who stands there mended them. */
export function withVerdict(
  current: CurrentMerge,
  { count, pass, check }: { count: number; pass: boolean; check: CheckSummary | null },
): CurrentMerge {
  if (count <= current.passed) return current;
  if (pass) return { ...current, passed: count, check, failed: current.failed.filter((red) => red > count) };
  return { ...current, failed: [...new Set([...current.failed, count])].sort((a, b) => a - b) };
}

/** Beyond this the settings alone decide. */
const LIMIT_MAX = 100;

export function halved(limit: number): number {
  return Math.max(1, Math.floor(limit / 2));
}

export function doubled(limit: number | null): number | null {
  return limit === null || limit * 2 >= LIMIT_MAX ? null : limit * 2;
}
