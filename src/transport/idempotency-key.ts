import { type Failure, invalid } from '../kernel/errors.ts';

export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,100}$/;

/** The key of a request as it came; two of them, or one that nobody can read, are refused. */
export function checkIdempotencyKey(key: unknown): string | undefined | Failure {
  if (key === undefined) return undefined;
  return typeof key === 'string' && IDEMPOTENCY_KEY.test(key)
    ? key
    : invalid('input.invalid', 'The idempotency key must be 1 to 100 visible ASCII characters.');
}
