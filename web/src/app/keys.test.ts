import { describe, expect, it } from 'vitest';
import { matchKey } from './match-key.ts';

const TABLE = [{ keys: 'g f' }, { keys: 'g q' }, { keys: 'f' }, { keys: '?' }];

describe('keys', () => {
  it('waits for the rest of a sequence, and takes a line when it is whole', () => {
    expect(matchKey(TABLE, '', 'g')).toEqual({ begun: 'g' });
    expect(matchKey(TABLE, 'g', 'q')).toEqual({ line: 1 });
    expect(matchKey(TABLE, 'g', 'f')).toEqual({ line: 0 });
    expect(matchKey(TABLE, '', 'f')).toEqual({ line: 2 });
  });

  it('takes a key that does not go on with a sequence for what it is alone', () => {
    expect(matchKey(TABLE, 'g', '?')).toEqual({ line: 3 });
    expect(matchKey(TABLE, 'g', 'g')).toEqual({ begun: 'g' });
    expect(matchKey(TABLE, 'g', 'x')).toEqual({ begun: '' });
  });
});
