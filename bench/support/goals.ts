/** What a figure should reach, in words and as a test. */
export interface Goal {
  text: string;
  isMet(measured: { product: number; floor: number; ratio: number }): boolean;
}

/** At least so much of the floor, where more is better. */
export const atLeast = (ratio: number): Goal => ({
  text: `≥ ${ratio} × floor`,
  isMet: (measured) => measured.ratio >= ratio,
});

/** At most so many times the floor, where less is better. */
export const atMost = (ratio: number): Goal => ({
  text: `≤ ${ratio} × floor`,
  isMet: (measured) => measured.ratio <= ratio,
});

/** At most so much, whatever the floor is. */
export const within = (limit: number, unit: string): Goal => ({
  text: `≤ ${limit} ${unit}`,
  isMet: (measured) => measured.product <= limit,
});

/** At most so many times the floor and a fixed amount. */
export const nearFloor = (factor: number, more: number, unit: string): Goal => ({
  text: `≤ ${factor} × floor + ${more} ${unit}`,
  isMet: (measured) => measured.product <= factor * measured.floor + more,
});
