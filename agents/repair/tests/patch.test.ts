import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Spectrum } from '../src/localise/spectrum.ts';
import { type Candidate, enumerateCandidates } from '../src/patch/candidates.ts';
import { applyEdit, narrowEdit } from '../src/patch/edit.ts';
import { FAMILIES, familyOf, type Ordering, orderCandidates } from '../src/patch/order.ts';
import { searchPatch } from '../src/patch/search.ts';
import type { SuiteRun } from '../src/suite/run-suite.ts';

describe('the smallest edit', () => {
  test.each([
    ['total  >50', 'total >= 50', 'total  >=50'],
    ['total >= 50', 'total > 50', 'total > 50'],
    ['a\n  && b // why', 'a || b // why', 'a\n  || b // why'],
    ['(a * f(x)) * u', 'a * f(x) / u', '(a * f(x)) / u'],
    ['(a || b)', 'a && b', '(a && b)'],
    ['x.trim()', 'x', 'x'],
    ['!x', 'x', 'x'],
    ['i++', 'i--', 'i--'],
    ['(a, b) => f(a)', '() => undefined', '() => undefined'],
  ])('of %j to %j is %j', (before, printed, after) => {
    const edit = narrowEdit(`<${before}>`, 1, 1 + before.length, printed);
    expect(edit && applyEdit(`<${before}>`, edit)).toBe(`<${after}>`);
  });

  test('is none when only the printing differs', () => {
    expect(narrowEdit('a  +b', 0, 5, 'a + b')).toBeNull();
  });
});

const AS_USUAL: Ordering = { seed: null, favour: null, order: 'rank' };
const everywhere: Spectrum = { files: ['a.ts'], score: () => 1 };

describe('candidates', () => {
  test('come from the mutators, with types left alone', async () => {
    const text = 'export function f(a: number, b?: string): boolean {\n  return a > 1 && b !== undefined;\n}\n';
    const found = await enumerateCandidates('a.ts', text, everywhere);
    const patched = found.map(({ edit }) => applyEdit(text, edit).split('\n')[1]?.trim());
    expect(patched).toEqual(
      expect.arrayContaining([
        'return a >= 1 && b !== undefined;',
        'return a <= 1 && b !== undefined;',
        'return a < 1 && b !== undefined;',
        'return a > 1 || b !== undefined;',
        'return a > 1 && b === undefined;',
      ]),
    );
    expect(new Set(patched).size).toBe(patched.length);
    expect(found.find(({ after }) => after === 'a >= 1')).toMatchObject({
      line: 2,
      before: 'a > 1',
      mutator: 'EqualityOperator',
    });
  });

  test('lie only where a failing test ran', async () => {
    const text = 'f(a + 1);\nf(b + 1);\n';
    const second: Spectrum = { files: ['a.js'], score: (_file, offset) => (offset >= 10 ? 0.5 : 0) };
    const found = await enumerateCandidates('a.js', text, second);
    expect(found.map(({ line, after }) => [line, after])).toEqual([[2, 'b - 1']]);
  });

  test('are none for a file that does not parse', async () => {
    expect(await enumerateCandidates('a.js', 'function (', everywhere)).toEqual([]);
  });

  test('try swapped operators before amputations, and the same order for the same seed', async () => {
    const text = "function f(a) {\n  if (a > 1) { return a + 1; }\n  return a === 'x' ? 2 : g(a * 3, a - 4);\n}\n";
    const found = await enumerateCandidates('a.js', text, everywhere);
    const mutators = orderCandidates(found, AS_USUAL).map(({ mutator }) => mutator);
    expect(mutators[0]).toBe('EqualityOperator');
    expect(mutators.at(-1)).toBe('BlockStatement');
    const order = (seed: number) => orderCandidates(found, { ...AS_USUAL, seed }).map(({ after }) => after);
    expect(order(7)).toEqual(order(7));
    expect(order(7)).not.toEqual(order(8));
  });

  test('of a favoured family come first, and none is left out', async () => {
    const text = "function f(a) {\n  if (a > 1) { return a.trim() + 1; }\n  return a === 'x' ? [2] : !a;\n}\n";
    const found = await enumerateCandidates('a.js', text, everywhere);
    for (const favour of FAMILIES) {
      const families = orderCandidates(found, { ...AS_USUAL, favour }).map(({ mutator }) => familyOf(mutator));
      expect(families[0]).toBe(favour);
      expect(families.lastIndexOf(favour)).toBe(families.filter((family) => family === favour).length - 1);
      expect(families.length).toBe(found.length);
    }
  });

  test('go by rank, by place or by kind of edit', () => {
    const one = (after: string, suspicion: number, weight: number): Candidate => {
      const edit = { start: 0, end: 1, text: after };
      return {
        file: 'a.js',
        line: 1,
        mutator: 'm',
        before: '?',
        after,
        edit,
        suspicion,
        weight,
        rank: suspicion * weight,
      };
    };
    const found = [one('a', 1, 0.3), one('b', 0.5, 1), one('c', 0.4, 1), one('d', 0.9, 0.9)];
    const by = (order: Ordering['order']) =>
      orderCandidates(found, { ...AS_USUAL, order })
        .map(({ after }) => after)
        .join('');
    expect([by('rank'), by('place'), by('kind')]).toEqual(['dbca', 'adbc', 'bcda']);
  });
});

describe('the search', () => {
  const directory = mkdtempSync(join(tmpdir(), 'heph-search-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'a.js');
  beforeEach(() => writeFileSync(path, '?'));
  const candidate = (text: string, suspicion = 1): Candidate => ({
    file: 'a.js',
    line: 1,
    mutator: 'm',
    before: '?',
    after: text,
    edit: { start: 0, end: 1, text },
    suspicion,
    weight: 1,
    rank: suspicion,
  });
  const candidates = [candidate('a'), candidate('b'), candidate('c'), candidate('d', 0.5)];
  const files = { broken: 't1', fine: 't2', far: 't3' };

  /** `passing` says which tests pass with each text; a text without an entry hangs, the first time. */
  const search = (passing: Record<string, string[]>, more: { budget?: number; related?: string[] } = {}) => {
    const runs: string[] = [];
    const run = async (copy: string, _files: readonly string[] | undefined, patience: number): Promise<SuiteRun> => {
      const text = readFileSync(join(copy, 'a.js'), 'utf8');
      runs.push(text);
      const hangs = !(text in passing) || (text === 'slow' && patience === 1);
      const passed = hangs ? [] : (passing[text] ?? []);
      const results = passed.map((id) => ({ id, file: 't', name: id, state: 'passed' as const, message: null }));
      return { results, coverage: [], durationMs: 1, timedOut: hangs, tail: '' };
    };
    const setting = {
      goal: {
        required: new Set(['broken']),
        kept: new Set(['fine']),
        related: new Set(more.related ?? []),
        fileOf: new Map(Object.entries(files)),
      },
      copies: [directory],
      texts: new Map([['a.js', '?']]),
      firstFiles: ['t1'],
      run,
      hasBudget: () => runs.length < (more.budget ?? 100),
      onTried: async () => {},
    };
    return { runs, of: (list: Candidate[]) => searchPatch(list, setting) };
  };

  test('takes the first that mends and breaks nothing, and restores the file', async () => {
    const { of } = search({ a: ['fine'], b: ['broken'], c: ['broken', 'fine'], d: ['broken', 'fine'] });
    expect(await of(candidates)).toMatchObject({ found: { after: 'c' }, tried: 3, outOfBudget: false });
    expect(readFileSync(path, 'utf8')).toBe('?');
  });

  test('asks the whole suite only about what passes the failing tests', async () => {
    const { runs, of } = search({ a: [], b: ['broken', 'fine'] });
    await of(candidates);
    expect(runs).toEqual(['a', 'b', 'b']);
  });

  test('prefers, among equal suspicion, the one that mends related failures too', async () => {
    const all = { a: ['broken', 'fine'], b: ['broken', 'fine', 'far'], c: ['broken', 'fine'], d: ['broken', 'fine'] };
    expect(await search(all, { related: ['far'] }).of(candidates)).toMatchObject({ found: { after: 'b' }, tried: 2 });
    const none = { ...all, b: ['fine'] };
    expect(await search(none, { related: ['far'] }).of(candidates)).toMatchObject({ found: { after: 'a' }, tried: 3 });
  });

  test('tries what hung once more with more patience', async () => {
    const { of } = search({ a: [], slow: ['broken', 'fine'] });
    expect(await of([candidate('a'), candidate('slow'), candidate('ever')])).toMatchObject({
      found: { after: 'slow' },
    });
  });

  test('ends with its budget and says so', async () => {
    const { of } = search({ a: [], b: [], c: ['broken', 'fine'] }, { budget: 2 });
    expect(await of(candidates)).toMatchObject({ found: null, tried: 2, outOfBudget: true });
  });
});
