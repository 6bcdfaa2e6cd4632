import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../kernel/errors.ts';
import { manualClock, settledSteps } from '../../processes/test-support.ts';
import { type Answer, type Consumer, createGroup, type Delivery, type Feed, type Group } from './group.ts';
import type { ProgressChange } from './ledger.ts';

const EVENTS = 12;
const SETTINGS = { retriesMax: 2, messageTimeoutMs: 100 };

/** The events are their keys, 1 to `count`. */
function feedOf(count: number): Feed<bigint> {
  return {
    keyOf: (event) => event,
    async page(after, limit) {
      const events = Array.from({ length: count }, (_, n) => BigInt(n + 1))
        .filter((key) => key > after)
        .slice(0, Math.min(limit, 5));
      const through = events.at(-1) ?? after;
      return { events, through, more: through < BigInt(count) };
    },
    at: async (key) => key,
  };
}

/** What outlives a group, and a disk that may fail. */
function createDisk() {
  const disk = {
    checkpoint: null as bigint | null,
    parked: new Map<bigint, string>(),
    failing: false,
    save(change: ProgressChange) {
      if (disk.failing) throw new Fault('group.not_recorded', 'planned by the test');
      disk.checkpoint = change.checkpoint;
      for (const [key, reason] of change.parked) disk.parked.set(key, reason);
      for (const key of change.unparked) disk.parked.delete(key);
    },
  };
  return disk;
}

function start(count = EVENTS, disk = createDisk()) {
  const { clock, pass } = manualClock();
  const saved = { checkpoint: disk.checkpoint, parked: new Map(disk.parked) };
  const group = createGroup({ feed: feedOf(count), after: 0n, settings: SETTINGS, saved, save: disk.save, clock });
  return { group, disk, pass };
}

const next = async (consumer: Consumer<bigint>) => (await consumer.next()) as Delivery<bigint>;

describe('a group of consumers', () => {
  it('saves what is parked no later than a checkpoint that has passed it', async () => {
    const { group, disk } = start(2);
    const consumer = group.join(2);
    const [first, second] = [await next(consumer), await next(consumer)];
    await Promise.all([second.settle('ack', ''), first.settle('park', 'later')]);
    expect(disk).toMatchObject({ checkpoint: 2n, parked: new Map([[1n, 'later']]) });
  });

  it('does not pass what one consumer holds when all are dismissed together', async () => {
    const { group, disk } = start(2);
    const [one, two] = [group.join(1), group.join(1)];
    await Promise.all([next(one), next(two)]);
    group.dismiss();
    await group.flush();
    expect(disk.checkpoint).toBeNull();
  });

  it('counts a retry against whoever saw the event only', async () => {
    const { group } = start(2);
    const leaving = group.join(2);
    await next(leaving);
    leaving.leave();
    const consumer = group.join(2);
    expect([(await next(consumer)).retries, (await next(consumer)).retries]).toEqual([1, 0]);
  });

  it('does not hand out again what it parked before a crash that kept its checkpoint back', async () => {
    const { group, disk } = start(3);
    const consumer = group.join(3);
    await next(consumer);
    await (await next(consumer)).settle('park', 'later');
    expect(disk).toMatchObject({ checkpoint: null, parked: new Map([[2n, 'later']]) });
    const after = start(3, disk).group.join(3);
    expect([(await next(after)).event, (await next(after)).event]).toEqual([1n, 3n]);
  });

  it('keeps parked what is replayed until it is settled', async () => {
    const { group, disk } = start(1);
    const consumer = group.join(1);
    await (await next(consumer)).settle('park', 'later');
    group.replayParked();
    const again = await next(consumer);
    expect(group.counts().parked).toBe(0);
    expect(disk.parked.size).toBe(1);
    await again.settle('ack', '');
    expect(disk.parked.size).toBe(0);
  });

  it('tells who answers that it could not be recorded, and records it with the next answer', async () => {
    const { group, disk } = start(2);
    const consumer = group.join(2);
    const [first, second] = [await next(consumer), await next(consumer)];
    disk.failing = true;
    await expect(first.settle('ack', '')).rejects.toMatchObject({ code: 'group.not_recorded' });
    disk.failing = false;
    await second.settle('ack', '');
    expect(disk.checkpoint).toBe(2n);
  });

  it('ends its consumers when its events cannot be read, and tries again for the next', async () => {
    let broken = true;
    const feed = feedOf(1);
    const { clock } = manualClock();
    const group = createGroup({
      feed: {
        ...feed,
        page: async (...asked) => {
          if (broken) throw new Fault('log.damaged', 'planned by the test');
          return feed.page(...asked);
        },
      },
      after: 0n,
      settings: SETTINGS,
      saved: { checkpoint: null, parked: new Map() },
      save() {},
      clock,
    });
    await expect(group.join(1).next()).rejects.toMatchObject({ code: 'log.damaged' });
    broken = false;
    expect((await next(group.join(1))).event).toBe(1n);
  });

  it('moves its checkpoint in strides over what does not concern it', async () => {
    const disk = createDisk();
    let end = 400n;
    const group = createGroup<bigint>({
      feed: {
        keyOf: (key) => key,
        page: async () => ({ events: [], through: end, more: false }),
        at: async () => undefined,
      },
      after: 0n,
      settings: SETTINGS,
      saved: { checkpoint: null, parked: new Map() },
      save: disk.save,
      clock: manualClock().clock,
    });
    group.join(1);
    await settledSteps();
    expect(disk.checkpoint).toBeNull();
    end = 1500n;
    group.wake();
    await settledSteps();
    expect(disk.checkpoint).toBe(1500n);
  });
});

type Step =
  | { do: 'join' | 'leave' | 'take' | 'replay' | 'time' | 'crash' | 'break' | 'mend'; who: number }
  | { do: 'answer'; who: number; answer: Answer };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const), who: fc.nat(2) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      who: fc.nat(5),
      answer: fc.constantFrom<Answer[]>('ack', 'ack', 'ack', 'retry', 'park', 'skip'),
    }),
  },
  fc.record({
    do: fc.constantFrom('join' as const, 'leave', 'replay', 'time', 'crash', 'break', 'mend'),
    who: fc.nat(2),
  }),
);

it('loses no event, whatever becomes of its consumers, its disk and itself', async () => {
  let crashes = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
      const disk = createDisk();
      const settled = new Set<bigint>();
      let { group, pass } = start(EVENTS, disk);
      let consumers: Consumer<bigint>[] = [group.join(3)];
      let held: Delivery<bigint>[] = [];

      async function answer(delivery: Delivery<bigint>, how: Answer): Promise<void> {
        if (how === 'ack' || how === 'skip') settled.add(delivery.event);
        await delivery.settle(how, 'by chance').catch(() => {});
      }
      const nothingPassed = () => {
        for (let key = 1n; key <= (disk.checkpoint ?? 0n); key++)
          if (!settled.has(key) && !disk.parked.has(key)) throw new Error(`${key} is lost behind ${disk.checkpoint}`);
      };

      for (const one of steps) {
        const consumer = consumers[one.who % Math.max(consumers.length, 1)];
        if (one.do === 'join') consumers.push(group.join(2));
        else if (one.do === 'leave') {
          consumer?.leave();
          consumers = consumers.filter((other) => other !== consumer);
        } else if (one.do === 'take') void consumer?.next().then((delivery) => delivery && held.push(delivery));
        else if (one.do === 'answer') {
          const [delivery] = held.splice(one.who % Math.max(held.length, 1), 1);
          if (delivery) await answer(delivery, one.answer);
        } else if (one.do === 'replay') group.replayParked();
        else if (one.do === 'time') pass(SETTINGS.messageTimeoutMs);
        else if (one.do === 'crash') {
          crashes++;
          // The old one is never heard of again: what it still writes goes nowhere.
          const survivors = { ...disk, parked: new Map(disk.parked) };
          group.dismiss();
          await settledSteps();
          Object.assign(disk, { checkpoint: survivors.checkpoint, parked: survivors.parked });
          ({ group, pass } = start(EVENTS, disk));
          consumers = [group.join(3)];
          held = [];
        } else disk.failing = one.do === 'break';
        await settledSteps();
        nothingPassed();
      }
      await finish(group, settled);
      expect(settled.size).toBe(EVENTS);
    }),
    { numRuns: 150, seed: 11 },
  );
  expect(crashes).toBeGreaterThan(20);
});

/** A consumer that acknowledges everything, until nothing is left. */
async function finish(group: Group<bigint>, settled: Set<bigint>): Promise<void> {
  group.dismiss();
  const consumer = group.join(2);
  for (let rounds = 0; settled.size < EVENTS && rounds < 3; rounds++) {
    group.replayParked();
    void (async () => {
      for (let delivery = await consumer.next(); delivery; delivery = await consumer.next()) {
        settled.add(delivery.event);
        await delivery.settle('ack', '').catch(() => {});
      }
    })();
    for (let turns = 0; turns < EVENTS * 2; turns++) await settledSteps();
  }
  consumer.leave();
}
