import { expect, test } from 'vitest';
import { manualClock, settledSteps } from '../processes/test-support.ts';
import { createClosers, within } from './closers.ts';

const never = () => new Promise<void>(() => {});

test('what waits for others has ten seconds together, and everything is closed then', async () => {
  const { clock, pass } = manualClock();
  const closers = createClosers(clock, 10_000);
  const closed: [string, number][] = [];
  let ended = false;
  const note = (name: string, leftMs: number) => void closed.push([name, leftMs]);
  closers.add((leftMs) => note('store', leftMs));
  closers.add((leftMs) => (note('runner', leftMs), within(clock, leftMs, never())));
  closers.add((leftMs) => (note('processes', leftMs), within(clock, leftMs, never())));
  closers.add((leftMs) => (note('door', leftMs), new Promise((resolve) => clock.after(4_000, resolve))));
  const closing = closers.closeAll().then(() => (ended = true));
  pass(4_000);
  await settledSteps();
  expect(closed).toEqual([
    ['door', 10_000],
    ['processes', 6_000],
  ]);
  pass(5_999);
  await settledSteps();
  expect(ended).toBe(false);
  pass(1);
  await settledSteps();
  pass(0);
  await closing;
  expect(closed.slice(2)).toEqual([
    ['runner', 0],
    ['store', 0],
  ]);
});

test('what ends by itself is not kept waiting', async () => {
  const { clock, pending } = manualClock();
  await within(clock, 10_000, Promise.resolve());
  expect(pending()).toEqual([]);
});

test('one that fails does not keep the others open', async () => {
  const { clock } = manualClock();
  const closers = createClosers(clock, 10_000);
  let closed = false;
  closers.add(() => void (closed = true));
  closers.add(() => Promise.reject(new Error('it is planned')));
  await closers.closeAll();
  expect(closed).toBe(true);
});
