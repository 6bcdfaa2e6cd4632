import { describe, expect, it } from 'vitest';
import { type ConfigRow, sourceOf, textOf, typedAs, valueAt, valueOf } from './setting-value.ts';

describe('values of settings', () => {
  it.each([
    ['integer 1–200', 4, '4', '8', { value: 8 }],
    ['number ≥ 0', 0.5, '0.5', ' 1.5 ', { value: 1.5 }],
    ['text', 'a "b"', 'a "b"', '7', { value: '7' }],
    ['boolean', true, 'true', 'false', { value: false }],
    ['all | changed', 'all', 'all', 'changed', { value: 'changed' }],
    ['list of text', ['a'], '[\n  "a"\n]', '["b"]', { value: ['b'] }],
    ['text or null', null, 'null', '"x"', { value: 'x' }],
  ])('of type %s are shown and read', (type, value, shown, typed, read) => {
    expect(textOf(value, type)).toBe(shown);
    expect(valueOf(typed, type)).toEqual(read);
  });

  it('that were typed wrongly are told before anything is sent', () => {
    expect(valueOf('', 'integer')).toEqual({ problem: 'It is a number.' });
    expect(valueOf('4 eggs', 'integer')).toHaveProperty('problem');
    expect(valueOf('{', 'map of text by name')).toHaveProperty('problem');
  });

  it('are chosen where there is a choice', () => {
    expect(typedAs('none | line | paste')).toEqual({ kind: 'choice', choices: ['none', 'line', 'paste'] });
    expect(typedAs('text or null').kind).toBe('json');
    expect(textOf(undefined, 'text')).toBe('');
  });

  it('lie at a dotted path', () => {
    expect([valueAt({ a: { b: 1 } }, 'a.b'), valueAt({ a: 1 }, 'a.b'), valueAt(null, 'a')]).toEqual([
      1,
      undefined,
      undefined,
    ]);
  });
});

describe('who set a setting', () => {
  const row = (path: string, more: Partial<ConfigRow> = {}): ConfigRow => ({
    ...{ path, value: 1, source: 'set', by: 'operator', evidence: null, inForce: true, ...more },
  });

  it('is whoever set it, a part of it, or what it belongs to, the nearest of them', () => {
    const rows = [row('fleet'), row('fleet.cap'), row('agents.mine')];
    expect(sourceOf('fleet.cap', rows)?.path).toBe('fleet.cap');
    expect(sourceOf('fleet.diedAtOnceMs', rows)?.path).toBe('fleet');
    expect(sourceOf('agents', rows)?.path).toBe('agents.mine');
    expect(sourceOf('limits.x', rows)).toBe(null);
  });

  it('is the start where a variable goes before what was set', () => {
    const rows = [row('fleet.cap', { inForce: false }), row('fleet.cap', { source: 'start', by: 'server' })];
    expect(sourceOf('fleet.cap', rows)?.source).toBe('start');
  });
});
