import type { Random } from '../../src/kernel/random.ts';

/** Chance that is known in advance: the same seed and label give the same numbers, whatever others draw meanwhile. */
export interface Chance extends Random {
  /** 0 ≤ x < 1. */
  next(): number;
  /** A whole number, both ends included. */
  int(min: number, max: number): number;
  /** True with that probability. */
  hit(probability: number): boolean;
  pick<T>(values: readonly T[]): T;
  fork(label: string): Chance;
}

export function createChance(seed: number, label = ''): Chance {
  let a = mixed(seed, label);
  const next = () => {
    // mulberry32
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    int,
    hit: (probability) => next() < probability,
    pick: (values) => values[int(0, values.length - 1)] as (typeof values)[number],
    bytes: (count) => Uint8Array.from({ length: count }, () => int(0, 255)),
    fork: (name) => createChance(seed, `${label}/${name}`),
  };
}

/** FNV-1a over the seed and the label. */
function mixed(seed: number, label: string): number {
  let hash = 0x811c9dc5;
  for (const char of `${seed}:${label}`) hash = Math.imul(hash ^ (char.codePointAt(0) as number), 0x01000193);
  return hash;
}
