import fc from 'fast-check';
import { move, pick } from './move.ts';

const named = (letter: string) => `run_failed:evt_${letter.repeat(26)}`;
export const inbox = fc.oneof(move('dismiss_matter', { matterId: pick(named('a'), named('b'), named('c')) }));
