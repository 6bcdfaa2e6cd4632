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

const fire = (ms: number) => timers.filter((one) => one.ms === ms).forEach((one) => one.fire());
const REFILL_MS = 100;
const IDLE_MS = 300_000;

it('has none until a start is expected, and then one for each', () => {
  expect(made).toEqual([]);
  supply.expect('one');
  supply.expect('one');
  supply.expect('two');
  expect(made.map(({ spare }) => spare)).toEqual([true, true]);
  expect([supply.take('two'), supply.take('one')]).toEqual([made[0], made[1]]);
});

it('makes one more a little after a start, and takes that for the next', () => {
  supply.expect('one');
  supply.take('one');
  expect(made.length).toBe(1);
  fire(REFILL_MS);
  expect(made.length).toBe(2);
  supply.expect('two');
  expect(made.length).toBe(2);
  expect(supply.take('two')).toBe(made[1]);
});

it('gives a cold one to whom nobody expected, and when the warm one has died', () => {
  expect(supply.take('one')).toMatchObject({ spare: false });
  supply.expect('two');
  made[1]?.dies();
  expect(supply.take('two')).toMatchObject({ spare: false });
});

it('lets go of all when nobody has come for a while', () => {
  supply.expect('one');
  fire(IDLE_MS);
  expect(made[0]?.gone).toBe(true);
  expect(supply.take('one')).toMatchObject({ spare: false });
});

it('never has more than a handful, and none and no timer when it is closed', async () => {
  for (let n = 0; n < 30; n++) supply.expect(`task ${n}`);
  expect(made.length).toBe(8);
  supply.take('task 0');
  await supply.close();
  expect(made.filter(({ gone }) => gone).length).toBe(7);
  expect(timers).toEqual([]);
});
