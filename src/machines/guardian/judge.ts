import { type Measured, SIGNALS, type SignalName } from './measured.ts';
import { budget } from './signals/budget.ts';
import { loops } from './signals/loops.ts';
import { outsideScope } from './signals/outside-scope.ts';
import { regression } from './signals/regression.ts';
import { repeatedErrors } from './signals/repeated-errors.ts';
import type { Signal } from './signals/signal.ts';
import { silence } from './signals/silence.ts';
import type { Thresholds, Weights } from './thresholds.ts';

export type Signals = Record<SignalName, Signal>;

export interface Verdict {
  signals: Signals;
  /** From 0 to 1, where 1 is an agent of which nothing odd is seen; null where nothing that counts was measured. */
  score: number | null;
}

const JUDGES: { [N in SignalName]: (measure: never, thresholds: Thresholds) => Signal } = {
  silence,
  repeated_errors: repeatedErrors,
  outside_scope: outsideScope,
  loops,
  budget,
  regression,
};

/** Pure: the same measures under the same thresholds and weights give the same verdict, now or years later. */
export function judge(measured: Measured, thresholds: Thresholds, weights: Weights): Verdict {
  const entries = SIGNALS.map((name): [SignalName, Signal] => {
    const measure = measured[name];
    if ('unknown' in measure) return [name, { trouble: null, why: measure.unknown }];
    return [name, JUDGES[name](measure as never, thresholds)];
  });
  const signals = Object.fromEntries(entries) as Signals;
  return { signals, score: scoreOf(signals, weights) };
}

/** The weighted mean of what is well, over the signals that were measured. */
export function scoreOf(signals: Signals, weights: Weights): number | null {
  let sum = 0;
  let all = 0;
  for (const name of SIGNALS) {
    const { trouble } = signals[name];
    if (trouble === null) continue;
    sum += weights[name] * (1 - trouble);
    all += weights[name];
  }
  return all === 0 ? null : Math.round((sum / all) * 1000) / 1000;
}
