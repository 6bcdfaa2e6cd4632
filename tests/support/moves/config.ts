import fc from 'fast-check';
import { move, pick } from './move.ts';

const values = fc.dictionary(
  pick('fleet', 'fleet.cap', 'fleet.perAgent', 'limits.attemptsMax', 'agents.mine', 'agents.mine.model', 'no.such'),
  fc.oneof(fc.integer({ min: -1, max: 9 }), pick<unknown>(null, 'text', { cap: 3 }, { argv: ['run'] }, { claude: 1 })),
  { maxKeys: 3 },
);
export const config = fc.oneof(move('set_config', { changes: values }), move('override_config', { overrides: values }));
