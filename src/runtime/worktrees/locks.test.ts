import { expect, it } from 'vitest';
import { createLocks } from './locks.ts';

it('lets one holder of a key work at a time, in order, failures included, and other keys in between', async () => {
  const inTurn = createLocks();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = inTurn('a', async () => {
    seen.push('a1 in');
    await gate.promise;
    seen.push('a1 out');
    throw new Error('a1');
  });
  const second = inTurn('a', async () => seen.push('a2'));
  await inTurn('b', async () => seen.push('b'));
  expect(seen).toEqual(['a1 in', 'b']);
  gate.resolve();
  await expect(first).rejects.toThrow('a1');
  await second;
  expect(seen).toEqual(['a1 in', 'b', 'a1 out', 'a2']);
});
