/** What a signal says: trouble from 0, none, to 1; null where nothing could be measured; and why, in a sentence. */
export interface Signal {
  trouble: number | null;
  why: string;
}

export const signal = (trouble: number, why: string): Signal => ({
  trouble: Math.round(Math.min(1, Math.max(0, trouble)) * 100) / 100,
  why,
});

/** A count against its threshold: half of the trouble there, all of it at twice as many. Below half of it there is none. */
export function troubleOf(count: number, max: number): number {
  return count <= max / 2 ? 0 : Math.min(1, count / (2 * max));
}

export const times = (count: number): string => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`);
export const minutes = (ms: number): string =>
  ms < 90_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
