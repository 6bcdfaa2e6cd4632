import type { TestResult } from '../suite/test-report.ts';
import { type Coverage, contains, lineOf, type Range, union } from './coverage.ts';
import { type Formula, suspicionBy } from './formulas.ts';

/** A line under suspicion; `score` is between 0 and 1. */
export interface Suspect {
  file: string;
  line: number;
  score: number;
}

/** One test as the spectrum sees it: its outcome and what ran for it. */
export interface Observation {
  result: TestResult;
  /** What ran during the test itself; null when only its whole file could be observed. */
  own: Map<string, Range[]> | null;
  /** `own` and what ran while its file was loaded. */
  all: Map<string, Range[]>;
}

/** Pairs each passed or failed test with what ran for it. */
export function observe(results: readonly TestResult[], coverage: Coverage): Observation[] {
  const loads = new Map<string, Map<string, Range[]>>();
  const wholes = new Map<string, Map<string, Range[]>>();
  const tests = new Map<string, Map<string, Range[]>>();
  for (const { testFile, test, ran } of coverage.traces) {
    merge(wholes, testFile, ran);
    if (test === null) merge(loads, testFile, ran);
    else merge(tests, `${testFile} > ${test}`, ran);
  }
  return results
    .filter(({ state }) => state !== 'skipped')
    .map((result) => {
      const own = tests.get(`${result.file} > ${result.name}`) ?? null;
      const outside = (own ? loads : wholes).get(result.file) ?? new Map<string, Range[]>();
      return { result, own, all: own ? joined(own, outside) : outside };
    });
}

function merge(into: Map<string, Map<string, Range[]>>, key: string, ran: Map<string, Range[]>): void {
  into.set(key, joined(into.get(key) ?? new Map(), ran));
}

function joined(a: Map<string, Range[]>, b: Map<string, Range[]>): Map<string, Range[]> {
  const both = new Map(a);
  for (const [file, ranges] of b) both.set(file, union(both.get(file) ?? [], ranges));
  return both;
}

/** `test` when every failing test could be observed on its own, `file` when some only with their whole file. */
export function granularityOf(observations: readonly Observation[]): 'test' | 'file' {
  return observations.every(({ result, own }) => result.state !== 'failed' || own) ? 'test' : 'file';
}

/** Suspicion of any place in the sources, for some failing tests against all passing ones. */
export interface Spectrum {
  score(file: string, offset: number): number;
  /** Files that ran in a failing test. */
  files: string[];
}

export function spectrumOf(
  failing: readonly Observation[],
  passing: readonly Observation[],
  formula: Formula = 'ochiai',
): Spectrum {
  return {
    files: [...new Set(failing.flatMap(({ all }) => [...all.keys()]))].sort(),
    score(file, offset) {
      const ranIn = (tests: readonly Observation[]) =>
        tests.filter(({ all }) => contains(all.get(file), offset)).length;
      return suspicionBy(formula, {
        ...{ failedRan: ranIn(failing), failed: failing.length },
        ...{ passedRan: ranIn(passing), passed: passing.length },
      });
    },
  };
}

/** Places where the suspicion can change: first characters of lines of code, and ends of ranges that ran. */
export function placesOf(text: string, ranges: readonly Range[]): number[] {
  const places = new Set<number>();
  for (const line of text.matchAll(/^[^\S\n]*(?=\S*\w)/gm)) places.add(line.index + line[0].length);
  for (const edge of ranges.flat()) places.add(edge + (/^\s*/.exec(text.slice(edge))?.[0].length ?? 0));
  return [...places].filter((place) => contains(ranges, place) && !isComment(text, place)).sort((a, b) => a - b);
}

/** Comments run with what is around them, but no fault is in them. */
function isComment(text: string, place: number): boolean {
  const start = text.lastIndexOf('\n', place - 1) + 1;
  return /^\s*(\/\/|\/?\*)/.test(text.slice(start, start + 200));
}

/** The most suspicious lines, highest first, ties in the order of file and line. */
export function rankLines(
  spectrum: Spectrum,
  failing: readonly Observation[],
  coverage: Coverage,
  max: number,
): Suspect[] {
  const best = new Map<string, Suspect>();
  for (const file of spectrum.files) {
    const text = coverage.texts.get(file) ?? '';
    const ranges = failing.reduce<Range[]>((sum, { all }) => union(sum, all.get(file) ?? []), []);
    for (const place of placesOf(text, ranges)) {
      const suspect = { file, line: lineOf(text, place), score: round(spectrum.score(file, place)) };
      const key = `${file}:${suspect.line}`;
      if (suspect.score > (best.get(key)?.score ?? 0)) best.set(key, suspect);
    }
  }
  return [...best.values()]
    .sort((a, b) => b.score - a.score || compare(a.file, b.file) || a.line - b.line)
    .slice(0, max);
}

const round = (score: number) => Math.round(score * 1000) / 1000;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
