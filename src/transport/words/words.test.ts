import { describe, expect, it } from 'vitest';
import { ACTORS } from '../../actors/catalogue.ts';
import { STATES } from '../../kernel/state-words.ts';
import type { ChartNode } from '../../machines/define-actor.ts';
import { age, ago, bytes, count, dollars, duration, known, percent, reasonWord, tokens } from './index.ts';
import { SHAPES, stateWord, type Subject, wordOf } from './index.ts';

/** The states of a chart as events name them, dotted. */
function statesOf(states: Record<string, ChartNode>, before = ''): string[] {
  return Object.entries(states).flatMap(([name, node]) =>
    node.states ? statesOf(node.states, `${before}${name}.`) : [before + name],
  );
}

describe('states', () => {
  it.each([...ACTORS.keys()])('has a word for every state of %s', (kind) => {
    const states = statesOf(ACTORS.get(kind)?.chart.states ?? {});
    expect(states.length).toBeGreaterThan(0);
    expect(Object.keys(STATES[kind as Subject])).toEqual(expect.arrayContaining(states));
  });

  it('says the same state by the same word, whatever it is the state of', () => {
    for (const [subject, states] of Object.entries(STATES))
      for (const state of Object.keys(states))
        expect(stateWord(subject as Subject, state).word, `${subject} ${state}`).toBe(wordOf(state));
  });

  it('says none as it is written by a machine', () => {
    for (const states of Object.values(STATES))
      for (const state of Object.keys(states)) expect(wordOf(state)).toMatch(/^[a-z][a-z -]*$/);
  });

  it('gives every tone a shape of its own, one character wide', () => {
    const shapes = Object.values(SHAPES);
    expect(new Set(shapes).size).toBe(shapes.length);
    for (const shape of shapes) expect([...shape]).toHaveLength(1);
  });

  it('says an unknown state as it is, with the tone of what is not known', () => {
    expect(stateWord('task', 'half_done')).toEqual({ word: 'half done', tone: 'unknown', shape: '?' });
    expect(stateWord('task', 'constructor').tone).toBe('unknown');
  });
});

describe('amounts', () => {
  it.each([
    [120, '120 ms'],
    [4_200, '4.2 s'],
    [185_000, '3 min 05 s'],
    [3_720_000, '1 h 02 min'],
  ])('tells that %d ms took %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [0, '0 s', 'just now'],
    [59_999, '59 s', '59 s ago'],
    [60_000, '1 min', '1 min ago'],
    [7_300_000, '2 h', '2 h ago'],
    [200_000_000, '2 d', '2 d ago'],
  ])('tells that %d ms are %s', (ms, text, past) => expect([age(ms), ago(ms)]).toEqual([text, past]));

  it.each([
    [0, '0', '0 B'],
    [999, '999', '999 B'],
    [1000, '1 k', '1 kB'],
    [1234, '1.2 k', '1.2 kB'],
    [9960, '10 k', '10 kB'],
    [999_600, '1 M', '1 MB'],
    [34_000_000, '34 M', '34 MB'],
  ])('tells %d as %s and %s', (number, said, size) => expect([tokens(number), bytes(number)]).toEqual([said, size]));

  it('tells money, shares and counts, and what nobody measured', () => {
    expect([dollars(0.25), percent(0.336), count(1, 'task'), count(2, 'branch', 'branches')]).toEqual([
      '$0.25',
      '34 %',
      '1 task',
      '2 branches',
    ]);
    expect([known(null, dollars), known(0, dollars)]).toEqual(['–', '$0']);
  });
});

describe('reasons', () => {
  it('are two or three words, or the code with spaces', () => {
    expect([reasonWord('no_slot'), reasonWord('of_its_own'), reasonWord('toString')]).toEqual([
      'no free slot',
      'of its own',
      'toString',
    ]);
  });
});
