import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deltaOf, versionOf } from '../../queries/live/view-version.ts';
import { serverMessages } from '../ws/protocol.ts';
import { createRowCache } from './row-cache.ts';

type Rows = Record<string, Record<string, unknown>>;

function viewAt(position: number, rows: Rows, summary: Record<string, unknown> = {}) {
  return { view: 'queue', v: 1, params: {}, position: String(position), asOf: position * 1000, rows, summary };
}

const message = (type: 'snapshot' | 'delta', fields: string) =>
  serverMessages[type].parse(JSON.parse(`{"type":"${type}","id":"x",${fields}}`));

describe('a client’s rows', () => {
  it('are the server’s, in their order, after any changes, of which only those that are needed are sent', () => {
    const key = fc.constantFrom(...'abcdefgh');
    const rows = fc
      .uniqueArray(fc.tuple(key, fc.integer({ min: 0, max: 2 })), { selector: ([name]) => name, maxLength: 8 })
      .map((pairs) => Object.fromEntries(pairs.map(([name, value]) => [name, { value, ageMs: 7 }])));
    fc.assert(
      fc.property(fc.array(fc.tuple(rows, fc.integer({ min: 0, max: 1 })), { minLength: 1, maxLength: 8 }), (steps) => {
        const cache = createRowCache();
        const [first, ...others] = steps.map(([found, n], at) => versionOf(viewAt(at + 1, found, { n })));
        if (!first) return;
        cache.send({ type: 'snapshot', message: message('snapshot', first.snapshot) as never });
        let known = first;
        for (const [place, version] of others.entries()) {
          const delta = deltaOf(known, version);
          const same = JSON.stringify(steps[place]) === JSON.stringify(steps[place + 1]);
          expect(delta === null).toBe(same);
          if (delta !== null) cache.send({ type: 'delta', message: message('delta', delta) as never });
          known = version;
          const shown = cache.getSnapshot().context;
          const [wanted, n] = steps[place + 1] as (typeof steps)[number];
          const values = Object.entries(shown.rows).map(([name, { row }]) => [name, row.value]);
          expect(values).toEqual(Object.entries(wanted).map(([name, { value }]) => [name, value]));
          expect(shown.summary).toEqual({ n });
        }
      }),
    );
  });

  it('do not come again when only ages have grown, also where a text looks like an age', () => {
    const at = (position: number, ageMs: number, title: string) =>
      versionOf(viewAt(position, { a: { title, ageMs, evidence: { ageMs } } }, { held: [{ ageMs }] }));
    expect(deltaOf(at(1, 5, 'x'), at(2, 6, 'x'))).toBeNull();
    expect(deltaOf(at(1, 5, '"ageMs":5,'), at(2, 5, '"ageMs":6,'))).not.toBeNull();
  });

  it('each know to which moment their ages count, and stay the same object while they do not change', () => {
    const cache = createRowCache();
    const [one, two] = [viewAt(1, { a: { n: 1 }, b: { n: 1 } }), viewAt(2, { a: { n: 1 }, b: { n: 2 } })].map(
      versionOf,
    );
    if (!one || !two) throw new Error('two versions were made');
    cache.send({ type: 'snapshot', message: message('snapshot', one.snapshot) as never });
    const before = cache.getSnapshot().context.rows;
    cache.send({ type: 'delta', message: message('delta', deltaOf(one, two) as string) as never });
    const after = cache.getSnapshot().context;
    expect(after.rows.a).toBe(before.a);
    expect([after.rows.b?.position, after.rows.b?.asOf, after.position]).toEqual(['2', 2000, '2']);
    cache.send({ type: 'lost' });
    expect(cache.getSnapshot().context.status).toBe('stale');
  });
});
