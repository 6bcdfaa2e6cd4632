import fc from 'fast-check';
import { move, pick } from './move.ts';

const runnerId = 'rnr_1';
const epoch = fc.integer({ min: 1, max: 3 });
export const runner = fc.oneof(
  move('register_runner', { runnerId, host: 'h', bootId: null, dataDirectory: '/data', epoch, leaseMs: 1000 }),
  { weight: 3, arbitrary: move('renew_lease', { runnerId, epoch, leaseMs: pick(1000, 2000) }) },
  move('retire_runner', { runnerId, epoch }),
);
