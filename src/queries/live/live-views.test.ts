import { describe, expect, it } from 'vitest';
import { Fault } from '../../kernel/errors.ts';
import type { ProjectionHost } from '../../projections/index.ts';
import { createLiveViews } from './live-views.ts';

/** A view whose one row counts the batches, and a clock that fires when it is told to. */
function counting() {
  const listeners = new Set<() => void>();
  let timers: { at: number; fire: () => void }[] = [];
  let ms = 0;
  let batches = 0;
  let renders = 0;
  let broken = false;
  const views = {
    async view(view: string, params: Record<string, unknown> = {}) {
      renders++;
      ms += 5;
      if (broken) throw new Fault('log.closed', 'nothing more comes');
      return { view, v: 1, params, position: String(batches), asOf: ms, rows: { a: { batches } }, summary: {} };
    },
    watch(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as ProjectionHost;
  const clock = {
    now: () => ms,
    monotonicMs: () => ms,
    after(delayMs: number, fire: () => void) {
      timers.push({ at: ms + delayMs, fire });
      return () => {};
    },
  };
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    live: createLiveViews({ views, clock, reached: async () => {} }),
    renders: () => renders,
    listeners,
    fail: () => void (broken = true),
    batch() {
      batches++;
      for (const listener of listeners) listener();
    },
    /** Lets everything happen that is due within so long. */
    async pass(by: number) {
      await settled();
      ms += by;
      const due = timers.filter(({ at }) => at <= ms);
      timers = timers.filter(({ at }) => at > ms);
      for (const { fire } of due) fire();
      await settled();
    },
  };
}

const ONE_SECOND = 1000;

describe('a view that several look at', () => {
  it('is rendered once for all of them, however many batches came meanwhile', async () => {
    const { live, renders, batch, pass } = counting();
    const [one, other] = [await live.open('queue', { b: 1, a: 2 }), await live.open('queue', { a: 2, b: 1 })];
    await pass(ONE_SECOND);
    const before = renders();
    for (let n = 0; n < 20; n++) batch();
    await pass(ONE_SECOND);
    expect(renders()).toBe(before + 1);
    expect(one.current()).toBe(other.current());
    expect(one.current().position).toBe(20n);
  });

  it('is rendered for a fifth of the time at most', async () => {
    const { live, renders, batch, pass } = counting();
    await live.open('queue', {});
    await pass(ONE_SECOND);
    const before = renders();
    // A look takes 5 ms, so the next one comes 20 ms after it.
    for (let n = 0; n < 50; n++) {
      batch();
      await pass(1);
    }
    expect(renders() - before).toBeLessThanOrEqual(4);
    await pass(ONE_SECOND);
    expect(renders() - before).toBeGreaterThan(1);
  });

  it('is rendered no more when nobody looks, and anew for the next who does', async () => {
    const { live, renders, batch, pass, listeners } = counting();
    const [one, other] = [await live.open('queue', {}), await live.open('queue', {})];
    await pass(ONE_SECOND);
    one.release();
    one.release();
    expect(listeners.size).toBe(1);
    other.release();
    expect(listeners.size).toBe(0);
    const before = renders();
    batch();
    live.refresh();
    await pass(ONE_SECOND);
    expect(renders()).toBe(before);
    const again = await live.open('queue', {});
    expect(again.current().position).toBe(1n);
  });

  it('tells all who look when it can be rendered no more, and is not kept', async () => {
    const { live, batch, pass, fail } = counting();
    const view = await live.open('queue', {});
    await pass(ONE_SECOND);
    let calls = 0;
    view.watch(() => calls++);
    fail();
    batch();
    await pass(ONE_SECOND);
    expect(calls).toBe(1);
    expect(() => view.current()).toThrow('nothing more comes');
    await expect(view.reached(5n, AbortSignal.abort())).rejects.toThrow('nothing more comes');
    await expect(live.open('fleet', {})).rejects.toThrow('nothing more comes');
    await expect(live.open('fleet', {})).rejects.toThrow('nothing more comes');
  });
});
