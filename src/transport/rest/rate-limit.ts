import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.ts';
import { denied, type Failure } from '../../kernel/errors.ts';

export interface RateLimit {
  /** Takes a token from the principal's bucket, or says why not. */
  take(principalId: string): Failure | null;
}

const PRINCIPALS_MAX = 1000;

/** A bucket per principal: `burst` calls at once, `perSecond` in the long run. */
export function createRateLimit(options: { clock: Clock; perSecond: number; burst: number }): RateLimit {
  const { clock, perSecond, burst } = options;
  const buckets = new LRUCache<string, { tokens: number; at: number }>({ max: PRINCIPALS_MAX });
  return {
    take(principalId) {
      const now = clock.monotonicMs();
      const bucket = buckets.get(principalId) ?? { tokens: burst, at: now };
      bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
      bucket.at = now;
      buckets.set(principalId, bucket);
      if (bucket.tokens < 1)
        return denied('rate.limited', `More than ${burst} calls at once, or ${perSecond} a second, are too many.`);
      bucket.tokens--;
      return null;
    },
  };
}
