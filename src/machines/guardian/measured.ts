import { z } from 'zod';

/**
 * What was measured of an agent at one moment, in numbers and short quotations: all that a verdict rests on. A part that
 * could not be measured says why instead. Verdicts are reached again from these under other thresholds, so nothing here
 * depends on one.
 */
const count = z.number().int().min(0);
const ms = z.number().min(0);
const quote = z.string().max(300);
const unknown = z.object({ unknown: z.string().max(300) });

const silence = z.object({
  /** Since the last output or report, as far as this server has watched. */
  silentMs: ms,
  /** How long its driver may be silent. */
  promisedMs: ms,
  /** What it does by the log: `working`, `needs_input`, `rate_limited`, … */
  activity: z.string().max(40),
  /** A command of its own that has begun and not ended; null: none, or nobody can tell. */
  running: quote.nullable(),
  /** The share of one processor that its processes used since the last look; null: not known. */
  busy: z.number().min(0).nullable(),
});

const repeatedErrors = z.object({
  /** How often the most frequent error came, counted once for each time that something was tried. */
  times: count,
  /** The error, without what differs from time to time. */
  error: quote.nullable(),
  /** Whether it was seen again since the last look. */
  fresh: z.boolean(),
});

const outsideScope = z.object({
  touched: count,
  outside: count,
  examples: z.array(quote).max(5),
  /** The phase's bounds in words. */
  scope: quote,
});

const loops = z.object({
  /** How often the most frequent action came with the same outcome since anything new happened. */
  times: count,
  action: quote.nullable(),
  /** Steps in a row that brought nothing new. */
  stale: count,
});

const budget = z.object({
  parts: z.array(z.object({ what: z.enum(['time', 'tokens', 'cost']), used: z.number().min(0), limit: z.number() })),
});

const regression = z.object({
  /** Failing tests before, at the base or at the verdict before the last one. */
  before: count,
  /** Failing tests at the last verdict. */
  after: count,
  /** The round of the last verdict. */
  round: count,
});

export const measuredSchema = z.object({
  silence: z.union([silence, unknown]),
  repeated_errors: z.union([repeatedErrors, unknown]),
  outside_scope: z.union([outsideScope, unknown]),
  loops: z.union([loops, unknown]),
  budget: z.union([budget, unknown]),
  regression: z.union([regression, unknown]),
});

export type Measured = z.infer<typeof measuredSchema>;
export type SignalName = keyof Measured;
export type Measure<N extends SignalName> = Exclude<Measured[N], { unknown: string }>;

export const SIGNALS = Object.keys(measuredSchema.shape) as SignalName[];
