import { expect, it } from 'vitest';
import { createGate } from './gate.ts';

it('lets few in at a time, in order, whatever becomes of those before', async () => {
  const gate = createGate({ insideMax: 2, waitingMax: 10 });
  const entered: number[] = [];
  const doors = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const passing = doors.map((door, n) =>
    gate.pass(() => {
      entered.push(n);
      return door.promise;
    }),
  );
  const settled = Promise.allSettled(passing);
  expect(entered).toEqual([0, 1]);
  doors[1]?.reject(new Error('no'));
  await expect(passing[1]).rejects.toThrow('no');
  expect(entered).toEqual([0, 1, 2]);
  doors[0]?.resolve(0);
  expect(await passing[0]).toBe(0);
  expect(entered).toEqual([0, 1, 2, 3]);
  for (const [n, door] of doors.entries()) door.resolve(n);
  expect((await settled).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
});

it('refuses when too many wait', async () => {
  const gate = createGate({ insideMax: 1, waitingMax: 1 });
  const door = Promise.withResolvers<void>();
  const first = gate.pass(() => door.promise);
  const second = gate.pass(async () => 2);
  await expect(gate.pass(async () => 3)).rejects.toMatchObject({ code: 'log.busy' });
  door.resolve();
  await first;
  expect(await second).toBe(2);
});
