import { sha256 } from '../../src/kernel/canonical.ts';
import type { CheckResult, MergeResult, TestOutcome } from '../../src/runtime/runner.ts';

/**
 * Git and a test suite, reduced to what matters here: a commit is the set of bugs that its tree has. Mending one takes a
 * word away, breaking something adds `broken:…`. Three-way merges, branches and compare-and-swap are real.
 */
export interface Repository {
  readonly branches: Map<string, string>;
  base(): string;
  bugsIn(commit: string): ReadonlySet<string>;
  treeOf(commit: string): string;
  commit(bugs: Iterable<string>, parents: readonly string[], note?: string): string;
  merge(onto: string, candidate: string): MergeResult;
  contains(commit: string, ancestor: string): boolean;
  isMerge(commit: string): boolean;
  check(checkKey: string, command: string, commit: string): CheckResult;
  moveBase(commit: string): void;
  /** Trees that the suite has run on. */
  readonly judged: Set<string>;
}

/** As a test runner names the test of a bug. */
export const idOf = (bug: string): string => `test/${bug}.test.js > ${bug}`;

export function createRepository(bugs: readonly string[], conflicting: boolean): Repository {
  const commits = new Map<string, { bugs: ReadonlySet<string>; parents: readonly string[] }>();
  const branches = new Map<string, string>();
  const judged = new Set<string>();

  const commit: Repository['commit'] = (given, parents, note = '') => {
    const words = [...given].sort();
    const id = sha256(JSON.stringify([words, parents, note])).slice(0, 40);
    commits.set(id, { bugs: new Set(words), parents });
    return id;
  };
  const bugsIn = (id: string) => commits.get(id)?.bugs ?? new Set<string>();
  const treeOf = (id: string) => sha256([...bugsIn(id)].join()).slice(0, 40);

  function ancestorsOf(id: string): Set<string> {
    const found = new Set([id]);
    for (const one of found) for (const parent of commits.get(one)?.parents ?? []) found.add(parent);
    return found;
  }

  function merge(onto: string, candidate: string): MergeResult {
    const before = ancestorsOf(onto);
    if (before.has(candidate)) return { outcome: 'contained', onto, commit: onto };
    const common = [...ancestorsOf(candidate)].find((one) => before.has(one)) ?? first;
    const [from, mine, theirs] = [bugsIn(common), bugsIn(candidate), bugsIn(onto)];
    const mended = [...from].filter((bug) => !mine.has(bug));
    const mendedThere = [...from].filter((bug) => !theirs.has(bug));
    if (conflicting && common !== onto && mended.length > 0 && mendedThere.some((bug) => !mended.includes(bug)))
      return { outcome: 'conflict', onto, files: ['src/shared.js'] };
    const merged = new Set([...theirs].filter((bug) => !mended.includes(bug)));
    for (const bug of mine) if (!from.has(bug)) merged.add(bug);
    const id = commit(merged, [onto, candidate]);
    return { outcome: 'merged', onto, commit: id, tree: treeOf(id) };
  }

  function check(checkKey: string, command: string, id: string): CheckResult {
    const left = bugsIn(id);
    const tests: TestOutcome[] = [...bugs, 'fine'].map((name) => ({
      id: idOf(name),
      file: `test/${name}.test.js`,
      name,
      status: left.has(name) || left.has(`broken:${name}`) ? 'failed' : 'passed',
    }));
    judged.add(treeOf(id));
    const red = tests.some(({ status }) => status === 'failed');
    return {
      ...{ checkKey, command, commit: id, status: red ? 'failed' : 'passed', exitCode: red ? 1 : 0, signal: null },
      ...{ durationMs: 1, tests, tail: '' },
    };
  }

  const first = commit(bugs, []);
  let base = first;
  return {
    branches,
    judged,
    base: () => base,
    moveBase: (id) => void (base = id),
    bugsIn,
    treeOf,
    commit,
    merge,
    check,
    isMerge: (id) => (commits.get(id)?.parents.length ?? 0) > 1,
    contains: (id, ancestor) => ancestorsOf(id).has(ancestor),
  };
}
