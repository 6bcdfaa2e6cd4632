/**
 * Which files judge a change. A file that is none of these is the work; a file that is one is a part of the judge, and
 * work that touches it cannot be believed by its own word. Names alone decide, so the answer is the same everywhere.
 */
export const JUDGE_KINDS = ['test', 'runner', 'configuration', 'manifest', 'lockfile'] as const;
export type JudgeKind = (typeof JUDGE_KINDS)[number];

const TEST_FOLDERS = new Set(['test', 'tests', '__tests__', '__snapshots__', '__mocks__', '__fixtures__', 'testdata']);
/** Names that production code has too, deeper in the tree. */
const TEST_FOLDERS_AT_ROOT = new Set(['spec', 'specs', 'e2e']);
const TEST_NAMES = [
  /\.(test|spec)\.[^.]+$/,
  /^test_.*\.py$/,
  /_test\.(py|go|rb|exs|dart|cc|cpp)$/,
  /_spec\.rb$/,
  /Tests?\.(java|kt|cs|swift|php)$/,
  /\.snap$/,
];

/** What runs the tests, or is loaded into their process before them. */
const RUNNER_NAMES = [
  /^(vitest|vite|jest|ava|karma|playwright|cypress|babel)\.(config|workspace|setup|conf)\.[^.]+$/,
  /^\.(mocharc|taprc|nycrc|c8rc|babelrc|swcrc|rspec)(\.|$)/,
  /^(conftest|sitecustomize|usercustomize|noxfile)\.py$/,
  /^(pytest\.ini|tox\.ini|phpunit\.xml(\.dist)?|\.npmrc|\.pnp\.[cm]?js)$/,
  /^(GNUmakefile|[Mm]akefile|[Jj]ustfile|Rakefile|Taskfile\.ya?ml)$/,
];
/** Third-party code, kept in the tree: whoever may write there is the runner. */
const RUNNER_FOLDERS = new Set(['node_modules', '.venv', 'site-packages']);

const CONFIGURATION_NAMES = [
  /^checks\.ya?ml$/,
  /^(eslint|oxlint|prettier|stylelint|nx|turbo|lerna)(\.config)?\.[^.]+$/,
  /^\.(eslintrc|oxlintrc|prettierrc|stylelintrc|env)(\.|$)/,
  /^biome\.jsonc?$/,
  /^tsconfig.*\.json$/,
  /^(pyproject\.toml|setup\.cfg|mypy\.ini|ruff\.toml|\.ruff\.toml|\.coveragerc|\.golangci\.ya?ml)$/,
];

const LOCKFILES = new Set([
  ...['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'bun.lockb'],
  ...['uv.lock', 'poetry.lock', 'Pipfile.lock', 'go.sum', 'Cargo.lock', 'Gemfile.lock', 'composer.lock'],
]);

/** What of the judge a path is, or null. `command` is the check itself: a file that it names is its runner. */
export function judgeKindOf(path: string, command: string): JudgeKind | null {
  const folders = path.split('/');
  const name = folders.pop() ?? '';
  if (folders.some((folder) => RUNNER_FOLDERS.has(folder)) || RUNNER_FOLDERS.has(name)) return 'runner';
  if (wordsOf(command).has(path) || RUNNER_NAMES.some((pattern) => pattern.test(name))) return 'runner';
  if (CONFIGURATION_NAMES.some((pattern) => pattern.test(name))) return 'configuration';
  if (LOCKFILES.has(name)) return 'lockfile';
  if (isTest(folders, name)) return 'test';
  return name === 'package.json' ? 'manifest' : null;
}

function isTest(folders: readonly string[], name: string): boolean {
  if (TEST_FOLDERS_AT_ROOT.has(folders[0] ?? '')) return true;
  return folders.some((folder) => TEST_FOLDERS.has(folder)) || TEST_NAMES.some((pattern) => pattern.test(name));
}

function wordsOf(command: string): Set<string> {
  return new Set(command.split(/[\s=]+/).map((word) => word.replace(/^["']|["']$/g, '').replace(/^\.\//, '')));
}

/** What of a `package.json` says how it is judged; dependencies and the rest are the work. */
const JUDGING_KEYS = ['scripts', 'jest', 'vitest', 'mocha', 'ava', 'tap', 'nyc', 'c8', 'babel', 'eslintConfig'];

/** The manifest with what judges taken from the original; null when that is the same in both. What is no JSON object is replaced whole. */
export function manifestWithJudgeOf(original: string, changed: string): string | null {
  const [from, to] = [objectIn(original), objectIn(changed)];
  if (!from) return null;
  if (!to) return original;
  const same = JUDGING_KEYS.every((key) => JSON.stringify(from[key]) === JSON.stringify(to[key]));
  if (same) return null;
  const work = Object.entries(to).filter(([key]) => !JUDGING_KEYS.includes(key));
  const judges = Object.entries(from).filter(([key]) => JUDGING_KEYS.includes(key));
  return `${JSON.stringify(Object.fromEntries([...work, ...judges]), null, 2)}\n`;
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
