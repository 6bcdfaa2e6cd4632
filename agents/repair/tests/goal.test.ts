import { expect, test } from 'vitest';
import { goalOf } from '../src/fix.ts';
import { clip } from '../src/job.ts';
import { imagine } from './support/spectra.ts';

const passed = (...calls: string[]) => ({ state: 'passed' as const, calls });
const failed = (...calls: string[]) => ({ state: 'failed' as const, calls });
const id = (name: string) => `t.test.js > ${name}`;
const world = imagine(
  { 'a.js': ['a', 'b'] },
  { a1: failed('a.js.a'), b1: failed('a.js.b'), ok: passed('a.js.a', 'a.js.b'), flaky: passed() },
);
const goalFor = (inputs: Record<string, unknown>, feedback: string | null = null) => {
  const goal = goalOf({ inputs, feedback }, world.observations, world.coverage, new Set([id('ok')]));
  return { required: [...goal.required], related: [...goal.related], kept: [...goal.kept] };
};
const named = (...names: string[]) => names.map((name) => ({ id: id(name) }));

test('asks for the failures that the task names and that fail here', () => {
  expect(goalFor({ failures: named('b1', 'ok', 'gone'), related: named('a1', 'ok') })).toEqual({
    required: [id('b1')],
    related: [id('a1')],
    kept: [id('ok')],
  });
});

test('asks for nothing when the named failures pass', () => {
  expect(goalFor({ failures: named('ok') }).required).toEqual([]);
});

test.each([
  ['it names none', {}, null],
  ['its inputs have another shape', { failures: 'all', related: [null] }, null],
  ['its own pass but its result was sent back', { failures: named('ok') }, 'b1 is red'],
])('asks for one group of what fails when %s', (_why, inputs, feedback) => {
  expect(goalFor(inputs, feedback)).toEqual({ required: [id('a1')], related: [id('b1')], kept: [id('ok')] });
});

test('messages lose colours and control characters; long ones are cut', () => {
  expect(clip('\u001b[31mred\u001b[0m\u0007\r\n\tx')).toBe('red\n\tx');
  expect(clip('abcdef', 4)).toBe('abc…');
});
