/** Where a slider's handle stands for a position of the log: positions may be larger than a number is exact, and have gaps. */
export interface Scale {
  /** The slider goes from 0 to here in whole steps. */
  max: number;
  toPosition(value: number): string;
  toValue(position: string): number;
}

const STEPS_MAX = 1_000_000n;

/** `first` and `last`: the positions at its ends, decimal. */
export function scaleOf(first: string, last: string): Scale {
  const from = BigInt(first);
  const span = BigInt(last) > from ? BigInt(last) - from : 0n;
  const steps = span < STEPS_MAX ? span : STEPS_MAX;
  const within = (value: bigint, most: bigint) => (value < 0n ? 0n : value > most ? most : value);
  return {
    max: Number(steps),
    toPosition(value) {
      const step = within(BigInt(Math.round(value)), steps);
      return String(steps === 0n ? from : from + (span * step) / steps);
    },
    toValue(position) {
      const offset = within(BigInt(position) - from, span);
      return span === 0n ? 0 : Number((offset * steps) / span);
    },
  };
}
