import { describe, expect, it } from 'vitest';
import { type IdIndex, resolveId } from './resolve-id.ts';

const ONE = 'tsk_01k5aaaaaaaaaaaaaaaaaaaaaa';
const TWO = 'tsk_01k5bbbbbbbbbbbbbbbbbbbbbb';
const index: IdIndex = {
  startingWith: async (kind, prefix, limit) =>
    [ONE, TWO].filter((id) => id.startsWith(`${kind}_`) && id.startsWith(prefix)).slice(0, limit),
};

describe('resolveId', () => {
  it('takes the only one that begins so, with the kind’s prefix or without', async () => {
    expect(await resolveId('tsk', 'tsk_01k5a', index)).toBe(ONE);
    expect(await resolveId('tsk', '01k5b', index)).toBe(TWO);
  });

  it('takes a whole id for what it is', async () => {
    const id = 'tsk_01k5cccccccccccccccccccccc';
    expect(await resolveId('tsk', id, index)).toBe(id);
  });

  it('names all that begin so', async () => {
    const answer = await resolveId('tsk', '01k5', index);
    expect(answer).toMatchObject({ code: 'id.ambiguous', details: { ids: [ONE, TWO] } });
  });

  it('knows nothing of what is not there, of another kind, or no id at all', async () => {
    for (const text of ['tsk_09', 'agt_01k5a', '', '../..', 'tsk_%', 'tsk_01K5A', "' OR 1=1"])
      expect(await resolveId('tsk', text, index), text).toMatchObject({ code: 'id.unknown' });
  });
});
