/** A generator of numbers in [0, 1) that a seed repeats. */
export { mulberry32 as seeded } from '../../agents/repair/src/patch/chance.ts';
