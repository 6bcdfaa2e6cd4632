import { type Check, type CheckDefinition, checkOf } from './definition.ts';

/** The texts of files at the root that say how a repository is built; null for one that is not there. */
export type RootFiles = Readonly<Record<(typeof DETECTED_FROM)[number], string | null>>;

export const DETECTED_FROM = [
  'package.json',
  'package-lock.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'pyproject.toml',
  'uv.lock',
  'go.mod',
  'Cargo.toml',
  'Makefile',
] as const;

interface Detected {
  check: Check;
  /** The file that it was found in, and what in there. */
  from: string;
  because: string;
}

const SCRIPTS = ['typecheck', 'lint', 'build', 'test'] as const;
const NPM_PLACEHOLDER = 'no test specified';
const TARGET = /^(build|check|lint|test)\s*:(?!=)/gm;

/** The checks of a repository that has no `checks.yaml`, each with the reason it is there. */
export function detectChecks(files: RootFiles): CheckDefinition {
  const found = [...fromNode(files), ...fromPython(files), ...fromGo(files), ...fromRust(files)];
  const all = found.length > 0 ? found : fromMake(files);
  return {
    checks: all.map(({ check }) => check),
    jobs: null,
    webhook: null,
    source: `detected from ${[...new Set(all.map(({ from }) => from))].join(', ') || 'nothing'}`,
    reasons: Object.fromEntries(all.map(({ check, from, because }) => [check.name, `${from} ${because}`])),
  };
}

function fromNode(files: RootFiles): Detected[] {
  const manifest = parsed(files['package.json']);
  if (!manifest) return [];
  const manager = managerOf(files, manifest.packageManager);
  const from = 'package.json';
  const runtime = {
    check: checkOf({ name: 'runtime', builtin: 'runtime', files: [], tags: ['fast'] }),
    from,
    because: 'is there',
  };
  const environment: Detected[] = [runtime];
  if (Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).length > 0)
    environment.push(
      ...(['lockfile', 'dependencies'] as const).map((builtin) => ({
        check: checkOf({
          name: builtin,
          builtin,
          files: [],
          tags: ['fast'],
          needs: builtin === 'dependencies' ? ['lockfile'] : [],
        }),
        from,
        because: 'has dependencies',
      })),
    );
  const needs = [environment.at(-1)?.check.name as string];
  const scripts = SCRIPTS.filter((name) => isReal(manifest.scripts?.[name])).map((name) => ({
    check: checkOf({ name, run: [manager, 'run', name], needs, tags: [name === 'test' ? 'tests' : 'fast'] }),
    from,
    because: `has the script ${name}`,
  }));
  return scripts.length > 0 ? [...environment, ...scripts] : [];
}

function fromPython(files: RootFiles): Detected[] {
  const text = files['pyproject.toml'];
  if (text === null) return [];
  const uv = files['uv.lock'] !== null || /^\[tool\.uv[\].]/m.test(text);
  const start = uv ? ['uv', 'run', '--frozen'] : ['python3', '-m'];
  const tool = (name: string, words: string[], check: string, tags: string[]): Detected[] =>
    new RegExp(`["'\\s[.]${name}\\b`).test(text)
      ? [
          {
            check: checkOf({ name: check, run: [...start, ...words], tags }),
            from: 'pyproject.toml',
            because: `names ${name}`,
          },
        ]
      : [];
  return [
    ...tool('ruff', ['ruff', 'check', '.'], 'lint', ['fast']),
    ...tool('mypy', ['mypy', '.'], 'typecheck', ['fast']),
    ...tool('pytest', ['pytest'], 'test', ['tests']),
  ];
}

function fromGo(files: RootFiles): Detected[] {
  if (files['go.mod'] === null) return [];
  const inputs = { files: ['**/*.go', '**/testdata/**', 'go.mod', 'go.sum'], tools: ['go'] };
  const found = (check: Check) => ({ check, from: 'go.mod', because: 'is there' });
  return [
    found(checkOf({ name: 'go-vet', run: ['go', 'vet', './...'], tags: ['fast'], ...inputs })),
    found(
      checkOf({
        name: 'go-test',
        run: ['go', 'test', './...'],
        tags: ['tests'],
        needs: ['go-vet'],
        files: ['**'],
        tools: ['go'],
      }),
    ),
  ];
}

function fromRust(files: RootFiles): Detected[] {
  if (files['Cargo.toml'] === null) return [];
  const found = (check: Check) => ({ check, from: 'Cargo.toml', because: 'is there' });
  return [
    found(checkOf({ name: 'cargo-check', run: ['cargo', 'check', '--all-targets'], tags: ['fast'], tools: ['rustc'] })),
    found(
      checkOf({
        name: 'cargo-test',
        run: ['cargo', 'test'],
        tags: ['tests'],
        needs: ['cargo-check'],
        tools: ['rustc'],
      }),
    ),
  ];
}

/** Only where nothing more telling is there: a Makefile beside a manifest mostly calls the same commands. */
function fromMake(files: RootFiles): Detected[] {
  const targets = new Set(Array.from((files.Makefile ?? '').matchAll(TARGET), ([, target]) => target as string));
  return [...targets].map((target) => ({
    check: checkOf({ name: target, run: ['make', target], tags: [target === 'test' ? 'tests' : 'fast'] }),
    from: 'Makefile',
    because: `has the target ${target}`,
  }));
}

interface Manifest {
  scripts?: Record<string, unknown>;
  dependencies?: object;
  devDependencies?: object;
  packageManager?: unknown;
}

function parsed(text: string | null): Manifest | null {
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Manifest | null;
    return typeof value === 'object' ? value : null;
  } catch {
    return null; // whoever uses it says what is wrong with it
  }
}

/** The package manager that a manifest or a lockfile names. */
export function managerOf(
  files: Pick<RootFiles, 'pnpm-lock.yaml' | 'yarn.lock'>,
  named: unknown,
): 'npm' | 'pnpm' | 'yarn' {
  const word = /^(npm|pnpm|yarn)(@|$)/.exec(typeof named === 'string' ? named : '')?.[1];
  if (word) return word as 'npm' | 'pnpm' | 'yarn';
  if (files['pnpm-lock.yaml'] !== null) return 'pnpm';
  return files['yarn.lock'] !== null ? 'yarn' : 'npm';
}

function isReal(script: unknown): boolean {
  return typeof script === 'string' && script.trim() !== '' && !script.includes(NPM_PLACEHOLDER);
}
