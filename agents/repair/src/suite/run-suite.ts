import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type ProcessEnd, runProcess } from './run-process.ts';
import type { Suite } from './suite.ts';
import { parseReport, type TestResult } from './test-report.ts';

export interface SuiteRun {
  results: TestResult[];
  /** Raw lines of the coverage recorder; empty when it was not asked for. */
  coverage: string[];
  durationMs: number;
  timedOut: boolean;
  tail: string;
}

export interface RunOptions {
  /** Root of the tree to run in. */
  directory: string;
  /** Test files, relative to the root; all when left out. */
  files?: readonly string[];
  coverage?: boolean;
  timeoutMs: number;
  /** What the suite may see of an environment; this process's own when left out. */
  inherit?: NodeJS.ProcessEnv;
  /** A directory for reports, outside the repository. */
  scratch: string;
  signal: AbortSignal;
}

// Plain files that a suite's own Node loads: beside the sources, or beside the built program.
const PROBES = new URL(import.meta.url.endsWith('.ts') ? '../probes/' : './probes/', import.meta.url);
const probe = (name: string) => fileURLToPath(new URL(name, PROBES));

/**
 * Runs the suite, or some files of it, and answers each test's outcome. A suite that dies or hangs answers what was
 * reported until then; a missing test has not passed. Throws only when the program cannot be started.
 */
export async function runSuite(suite: Suite, options: RunOptions): Promise<SuiteRun> {
  const reports = mkdtempSync(join(options.scratch, 'run-'));
  try {
    const report = join(reports, 'report.jsonl');
    const end = await runAll(suite, options, reports, report);
    return {
      results: existsSync(report) ? parseReport(readFileSync(report, 'utf8'), options.directory) : [],
      coverage: readdirSync(reports)
        .filter((name) => name.startsWith('coverage-'))
        .sort()
        .flatMap((name) => readFileSync(join(reports, name), 'utf8').split('\n'))
        .filter((line) => line.endsWith('}')),
      durationMs: end.durationMs,
      timedOut: end.timedOut,
      tail: end.tail,
    };
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

async function runAll(suite: Suite, options: RunOptions, reports: string, report: string): Promise<ProcessEnd> {
  const { directory, timeoutMs, signal, inherit = process.env } = options;
  let spentMs = 0;
  for (const { argv, env } of suite.before) {
    const limits = {
      cwd: directory,
      env: environment(inherit, directory, env),
      timeoutMs: timeoutMs - spentMs,
      signal,
    };
    const end = await runProcess(argv, limits);
    spentMs += end.durationMs;
    if (end.code !== 0 || end.timedOut) return { ...end, durationMs: spentMs };
  }
  const probeSetting = {
    directory: reports,
    root: directory,
    coverage: options.coverage ?? false,
    mapped: mapped(suite),
  };
  const env = environment(inherit, directory, {
    ...suite.env,
    HEPH_REPAIR_PROBE: JSON.stringify({ ...probeSetting, recorder: new URL('recorder.mjs', PROBES).href }),
  });
  const argv = suite.runner === 'node' ? nodeArgv(suite, options, report) : vitestArgv(suite, options, report);
  const end = await runProcess(argv, { cwd: directory, env, timeoutMs: Math.max(1, timeoutMs - spentMs), signal });
  return { ...end, durationMs: end.durationMs + spentMs };
}

/** A loader transforms sources, so positions have to go through a source map; node's own type stripping keeps them. */
function mapped(suite: Suite): boolean {
  return (
    suite.runner === 'vitest' || suite.nodeOptions.some((word) => /^(--import|--require|-r|--.*loader)/.test(word))
  );
}

function nodeArgv(suite: Suite, { directory, files }: RunOptions, report: string): string[] {
  const targets = files ?? suite.targets.flatMap((target) => expandGlob(target, directory));
  return [
    'node',
    ...suite.nodeOptions,
    '--import',
    pathToFileURL(probe('node-preload.mjs')).href,
    `--test-reporter=${pathToFileURL(probe('node-reporter.mjs')).href}`,
    `--test-reporter-destination=${report}`,
    '--test',
    '--',
    ...targets,
  ];
}

/** What the shell of a script would have done, and what node 20 does not do by itself. */
function expandGlob(target: string, directory: string): string[] {
  if (!/[*?[{]/.test(target)) return [target];
  const found = globSync(target, { cwd: directory, exclude: (name) => name === 'node_modules' });
  return found.length > 0 ? found.sort() : [target];
}

function vitestArgv(suite: Suite, options: RunOptions, report: string): string[] {
  const setup = options.coverage ? installSetup(options.directory) : '-';
  const targets = options.files ?? suite.targets;
  return ['node', probe('vitest-driver.mjs'), report, setup, ...suite.options, ...targets];
}

/** The setup file imports `vitest`, so it must lie where the repository's own one is found. */
function installSetup(directory: string): string {
  const home = join(directory, 'node_modules', '.heph-repair');
  mkdirSync(home, { recursive: true });
  const setup = join(home, 'vitest-setup.mjs');
  copyFileSync(probe('vitest-setup.mjs'), setup);
  return setup;
}

/** Our own settings, and those of a test runner this agent may itself run under, are nobody else's business. */
const WITHHELD = /^(HEPH_|VITEST|NODE_TEST_CONTEXT$|NODE_V8_COVERAGE$|npm_)/;

function environment(inherit: NodeJS.ProcessEnv, directory: string, extra: Record<string, string>): NodeJS.ProcessEnv {
  const inherited = Object.entries(inherit).filter(([name]) => !WITHHELD.test(name));
  const env: NodeJS.ProcessEnv = { ...Object.fromEntries(inherited), NO_COLOR: '1', ...extra };
  env.PATH = [join(directory, 'node_modules', '.bin'), inherit.PATH ?? ''].join(delimiter);
  return env;
}
