import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock, systemRandom } from '../../kernel/adapters/system.ts';
import { createIds } from '../../kernel/ids.ts';
import type { CheckParts, Progress } from '../ports.ts';
import type { CheckRun } from '../results.ts';
import { type CheckRequest, runChecks } from '../run-checks.ts';
import { ALL } from '../select.ts';
import { openChecks, type OpenOptions } from './open-checks.ts';

const ids = createIds(systemClock, systemRandom);

export interface Bench {
  root: string;
  results: string;
  write(path: string, text: string, mode?: number): void;
  read(path: string): string;
  remove(path: string): void;
  git(...words: string[]): string;
  commit(): void;
  open(more?: Partial<OpenOptions>): ReturnType<typeof openChecks>;
  /** Runs the checks of the definition that is there now. */
  run(more?: RunMore): Promise<CheckRun>;
}

interface RunMore extends Partial<Omit<CheckRequest, 'select'>> {
  select?: Partial<CheckRequest['select']>;
  open?: Partial<OpenOptions>;
  parts?: Partial<CheckParts>;
  onProgress?: (progress: Progress) => void;
}

/** A repository with these files, committed, and a folder for results, both gone after the test. */
export function createBench(files: Readonly<Record<string, string>>, { git = true } = {}): Bench {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'heph-checks-')));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  return benchAt(join(top, 'repository'), join(top, 'results'), files, git);
}

export function benchAt(root: string, results: string, files: Readonly<Record<string, string>>, git = true): Bench {
  const bench: Bench = {
    root,
    results,
    write(path, text, mode) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
      if (mode) chmodSync(join(root, path), mode);
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    remove: (path) => rmSync(join(root, path)),
    git: (...words) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...words], {
        cwd: root,
        encoding: 'utf8',
      }),
    commit() {
      bench.git('add', '--all');
      bench.git('commit', '--quiet', '--allow-empty', '--message', 'more');
    },
    open: (more = {}) =>
      openChecks({
        folder: root,
        results,
        gates: join(dirname(results), 'gates'),
        env: process.env,
        clock: systemClock,
        random: systemRandom,
        readOnly: false,
        agents: async () => [],
        ...more,
      }),
    async run({ open, parts, onProgress, select, ...more } = {}) {
      const opened = bench.open(open);
      const request: CheckRequest = {
        runId: ids.next('chk'),
        repositoryId: opened.place.repositoryId,
        folder: opened.place.root,
        definition: await opened.definition(),
        jobs: null,
        dryRun: false,
        signal: new AbortController().signal,
        ...more,
        select: { ...ALL, ...select },
      };
      return runChecks(request, { ...opened.parts, ...parts }, onProgress);
    },
  };
  mkdirSync(root, { recursive: true });
  for (const [path, text] of Object.entries(files)) bench.write(path, text);
  if (git) {
    bench.git('init', '--quiet');
    bench.commit();
  }
  return bench;
}

/** What became of each check, in words: `test: passed from cache`. */
export function told(run: CheckRun): Record<string, string> {
  return Object.fromEntries(
    run.checks.map(({ name, status, cached }) => [name, cached ? `${status} from cache` : status]),
  );
}

/** Every file and folder below one, with its content, mode and times: equal only when nothing at all was touched. */
export function picture(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
    const path = join(folder, name);
    const { mode, mtimeMs, ctimeMs, size } = lstatSync(path);
    return [name, `${mode} ${mtimeMs} ${ctimeMs} ${size}`] as const;
  });
  const { mtimeMs, ctimeMs } = lstatSync(folder);
  return { ...Object.fromEntries(entries), '.': `${mtimeMs} ${ctimeMs}` };
}
