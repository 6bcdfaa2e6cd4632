import type { TestResult } from '../suite/test-report.ts';
import { type Coverage, contains, lineOf, type SeenFunction, union } from './coverage.ts';
import { type Observation, placesOf, spectrumOf } from './spectrum.ts';

/**
 * Failing tests that one fault explains. The rule, also told to whoever reads the investigation:
 *
 *   1. Each failing test accuses the function that holds its own most suspicious line (Ochiai of that test alone).
 *   2. Tests are taken from the most focused (the least source text ran) to the broadest.
 *   3. A test that ran no function accused so far opens a group for the one it accuses.
 *   4. A test that accuses a group's function joins that group's failures.
 *   5. A test that ran an accused function but accuses another one is `related`: a fix of that function may well explain
 *      it, so no second fault is assumed before that fix is in.
 *   6. Two groups are one when some line is more suspicious for both together than any line is for either alone. Faults
 *      that are independent of each other never give such a line, not even in code that all tests share.
 *
 * A test that could be observed only with its whole file goes into a group of that test file.
 */
export interface FailureGroup {
  /** Stable name of the group in one tree: a function's place, or a test file. */
  key: string;
  /** The function under suspicion; null for a group by test file. */
  accused: Accused | null;
  failures: TestResult[];
  related: TestResult[];
}

export interface Accused {
  file: string;
  /** First line of the function. */
  line: number;
  /** The function's name, when it has one. */
  name: string;
}

interface Verdict {
  file: string;
  fn: SeenFunction;
  score: number;
}

interface Group extends Verdict {
  failures: Observation[];
  related: Set<Observation>;
}

export function groupFailures(observations: readonly Observation[], coverage: Coverage): FailureGroup[] {
  const failing = observations.filter(({ result }) => result.state === 'failed');
  const passing = observations.filter(({ result }) => result.state === 'passed');
  const judged = failing.map((test) => ({ test, verdict: accuse([test], passing, coverage) }));
  const seen = judged.filter((one): one is { test: Observation; verdict: Verdict } => one.verdict !== null);
  const unseen = judged.filter(({ verdict }) => verdict === null).map(({ test }) => test);
  const groups = mergeGroups(openGroups(seen), passing, coverage);
  return [...groups.map((group) => toFailureGroup(group, coverage)), ...groupByFile(unseen)];
}

/** Rules 2 to 5. */
function openGroups(seen: { test: Observation; verdict: Verdict }[]): Group[] {
  const groups: Group[] = [];
  const focused = seen.toSorted(
    (a, b) => breadth(a.test) - breadth(b.test) || (a.test.result.id < b.test.result.id ? -1 : 1),
  );
  for (const { test, verdict } of focused) {
    const met = groups.filter((group) => contains(test.own?.get(group.file), group.fn.range[0]));
    const same = met.find((group) => group.file === verdict.file && group.fn.range[0] === verdict.fn.range[0]);
    if (same) same.failures.push(test);
    else if (met.length === 0) groups.push({ ...verdict, failures: [test], related: new Set() });
    else for (const group of met) group.related.add(test);
  }
  return groups;
}

/** Characters of source text that ran in the test. */
function breadth({ own }: Observation): number {
  return [...(own?.values() ?? [])].flat().reduce((sum, [start, end]) => sum + end - start, 0);
}

/** Rule 6, until no two groups are one. */
function mergeGroups(groups: readonly Group[], passing: readonly Observation[], coverage: Coverage): Group[] {
  for (const [n, a] of groups.entries()) {
    for (const b of groups.slice(n + 1)) {
      const failures = [...a.failures, ...b.failures];
      const verdict = accuse(failures, passing, coverage);
      const alone = [a, b].map((group) => accuse(group.failures, passing, coverage)?.score ?? 0);
      if (!verdict || verdict.score <= Math.max(...alone) + EPSILON) continue;
      const related = new Set([...a.related, ...b.related].filter((test) => !failures.includes(test)));
      const rest = groups.filter((group) => group !== a && group !== b);
      return mergeGroups([...rest, { ...verdict, failures, related }], passing, coverage);
    }
  }
  return [...groups];
}

/** Equal scores may differ in their last bits. */
const EPSILON = 1e-9;

/** The function that holds the most suspicious line; null when nothing of the sources could be seen to run. */
function accuse(tests: readonly Observation[], passing: readonly Observation[], coverage: Coverage): Verdict | null {
  const spectrum = spectrumOf(tests, passing);
  let best: (Verdict & { akin: boolean }) | null = null;
  for (const file of spectrum.files) {
    const akin = tests.some(({ result }) => stem(result.file) === stem(file));
    const ranges = union(
      tests.flatMap(({ own }) => own?.get(file) ?? []),
      [],
    );
    for (const offset of placesOf(coverage.texts.get(file) ?? '', ranges)) {
      const fn = functionAt(coverage, file, offset);
      const score = spectrum.score(file, offset);
      if (!fn || score === 0) continue;
      const level = best !== null && Math.abs(score - best.score) <= EPSILON;
      if (!best || (level ? akin && !best.akin : score > best.score)) best = { file, fn, score, akin };
    }
  }
  return best;
}

function functionAt(coverage: Coverage, file: string, offset: number): SeenFunction | null {
  const around = (coverage.functions.get(file) ?? []).filter(({ range }) => offset >= range[0] && offset < range[1]);
  return around.sort((a, b) => a.range[1] - a.range[0] - (b.range[1] - b.range[0]))[0] ?? null;
}

/** Between equally suspicious files, the one named like the test is the likelier (`cart.js` for `cart.test.js`). */
function stem(path: string): string {
  return (path.split('/').at(-1) ?? '').split('.')[0]?.replace(/[-_](test|spec)$/, '') ?? '';
}

function toFailureGroup({ file, fn, failures, related }: Group, coverage: Coverage): FailureGroup {
  const line = lineOf(coverage.texts.get(file) ?? '', fn.range[0]);
  return {
    key: `${file}:${line}`,
    accused: { file, line, name: fn.name },
    failures: failures.map(({ result }) => result),
    related: [...related].map(({ result }) => result),
  };
}

function groupByFile(tests: readonly Observation[]): FailureGroup[] {
  const files = Map.groupBy(tests, ({ result }) => result.file);
  return [...files].map(([key, members]) => ({
    key,
    accused: null,
    failures: members.map(({ result }) => result),
    related: [],
  }));
}
