import { beforeEach, expect, it } from 'vitest';
import type { Clock } from '../../../kernel/clock.ts';
import type { WaitingHolder } from './holder-process.ts';
import { createHolderSupply, type HolderSupply } from './holder-supply.ts';

interface Fake extends WaitingHolder {
  spare: boolean;
  gone: boolean;
  dies(): void;
}
let made: Fake[];
let timers: { ms: number; fire: () => void }[];
let supply: HolderSupply;

const clock: Clock = {
  now: () => 0,
  monotonicMs: () => 0,
  after(ms, fire) {
    const timer = { ms, fire };
    timers.push(timer);
    return () => void (timers = timers.filter((one) => one !== timer));
  },
};

function spawn(spare: boolean): Fake {
  let waiting = true;
  const holder: Fake = {
    ...{ pid: made.length, spare, gone: false },
    isWaiting: () => waiting,
    dies: () => void (waiting = false),
    give: () => Promise.reject(new Error('no orders here')),
    dismiss: async () => void (holder.gone = true),
  };
  made.push(holder);
  return holder;
}

beforeEach(() => {
  made = [];
  timers = [];
  supply = createHolderSupply(spawn, clock);
});

it('makes one holder ready for each start that is expected, and gives it to that one', () => {
  supply.expect('one');
  supply.expect('one');
  supply.expect('two');
  expect(made.map(({ spare }) => spare)).toEqual([true, true]);
  expect(supply.take('two')).toBe(made[1]);
  expect(supply.take('one')).toBe(made[0]);
  expect(timers).toEqual([]);
});

it('gives a cold one to whom nobody expected, and when the warm one has died', () => {
  expect(supply.take('one')).toMatchObject({ spare: false });
  supply.expect('two');
  made[1]?.dies();
  expect(supply.take('two')).toMatchObject({ spare: false });
});

it('lets go of one that nobody came for', () => {
  supply.expect('one');
  timers[0]?.fire();
  expect(made[0]?.gone).toBe(true);
  expect(supply.take('one')).toMatchObject({ spare: false });
});

it('never has more than a handful, and none when it is closed', async () => {
  for (let n = 0; n < 30; n++) supply.expect(`task ${n}`);
  expect(made.length).toBe(8);
  await supply.close();
  expect(made.every(({ gone }) => gone)).toBe(true);
  expect(timers).toEqual([]);
});
