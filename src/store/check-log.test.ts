import { expect, it } from 'vitest';
import { checkLog } from './check-log.ts';
import type { StoredEvent } from './event-store.ts';

const events = (...given: [stream: string, revision: number, more?: Partial<StoredEvent>][]) => ({
  async *readAll() {
    for (const [n, [stream, revision, more]] of given.entries())
      yield {
        ...{ stream, revision, position: BigInt(n * 7 + 1), id: `e${n}`, type: 'Noted', v: 1, at: 1 },
        ...{ data: {} },
        ...{ meta: {} },
        ...more,
      } as StoredEvent;
  },
});
const command = (count: number) => ({ meta: { command: { id: 'c' }, count } }) as unknown as Partial<StoredEvent>;

it('a log in order is told as such', async () => {
  const log = events(['a-1', 0, command(2)], ['b-1', 0], ['a-1', 1], ['a-1', 2, command(1)], ['b-1', 1, { id: 'e0' }]);
  expect(await checkLog(log)).toEqual({ events: 5, position: 29n, headless: 0, damage: null });
});

it('a stream whose beginning is hidden is counted, and is no damage', async () => {
  const log = events(['a-1', 3], ['b-1', 0], ['a-1', 4]);
  expect(await checkLog(log)).toMatchObject({ events: 3, headless: 1, damage: null });
});

it.each([
  ['a gap in a stream', events(['a-1', 0], ['a-1', 2]), 8n, 'revision 2 of a-1 follows 0'],
  ['an id that comes twice', events(['a-1', 0], ['a-1', 1, { id: 'e0' }]), 8n, 'e0 is in a-1 twice'],
  ['a position that goes back', events(['a-1', 0], ['a-1', 1, { position: 1n }]), 1n, 'its position does not follow'],
  ['an append in part', events(['a-1', 0, command(3)], ['a-1', 1], ['a-1', 2, command(1)]), 15n, 'in the middle'],
  ['an append in part at the end', events(['a-1', 0, command(3)], ['a-1', 1]), 8n, 'a-1 ends in the middle'],
])('%s is found', async (_what, log, position, reason) => {
  const { damage } = await checkLog(log);
  expect(damage).toMatchObject({ position, reason: expect.stringContaining(reason) });
});
