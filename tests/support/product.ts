import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endProcessesOf } from './leftovers.ts';
import { createOperator, type Operator } from './operator.ts';
import { lay } from './repositories.ts';

/** The product as its users have it: programs on a folder of their own, spoken to from outside. */
export interface Product {
  /** Holds everything; its name marks every process that comes of it. */
  root: string;
  data: string;
  operator: Operator;
  /** How often a server was killed. A fault test that killed nobody proves nothing. */
  kills: number;
  /** Runs `heph` with these words and the data directory, to its end. */
  heph(...words: string[]): Promise<Ran>;
  /** The same, with more or other environment and without `--data`. */
  run(words: string[], env?: Record<string, string | undefined>): Promise<Ran>;
  /** `heph up`; resolves when it is ready, throws what it said when it ended before. */
  up(...words: string[]): Promise<Up>;
  /** Lays a workflow into the data directory. */
  define(name: string, files: Record<string, string>): void;
  /** Ends all processes and removes the folder. Answers what lived on although its agents had been stopped. */
  end(): Promise<string[]>;
}

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Each line of `--json`. */
  lines: Record<string, unknown>[];
}

export interface Up {
  pid: number;
  url: string;
  /** Resolves when the process is gone. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it is gone. */
  stop(): Promise<number | null>;
}

/** The package that `packed.ts` has built for this run; outside of the suites, and where there is none, the sources. */
const PACKED = process.env.HEPH_TEST_PACKED;
const CLI = PACKED
  ? join(PACKED, 'dist', 'cli.mjs')
  : fileURLToPath(new URL('../../src/programs/cli.ts', import.meta.url));
const NOOP = fileURLToPath(new URL('./fake-agents/noop.mjs', import.meta.url));

export interface ProductOptions {
  /** Settings by their variables, e.g. `HEPH_LIMITS_BACKOFF_MS`. */
  settings?: Record<string, string>;
  /** More agents by name; `noop` is always there. */
  agents?: Record<string, { argv: string[]; env?: Record<string, string>; takes?: Record<string, string> }>;
}

export function createProduct({ settings = {}, agents = {} }: ProductOptions = {}): Product {
  const root = mkdtempSync(join(tmpdir(), 'heph-e2e-'));
  const data = join(root, 'data');
  for (const folder of ['tmp', 'home']) mkdirSync(join(root, folder), { mode: 0o700 });
  const noop = { argv: [process.execPath, NOOP, '{mcp_config}', '{token_file}', '{prompt_file}', '{worktree}'] };
  const env = {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: join(root, 'home'),
    // Compiled code: every product starts the same programs.
    ...(PACKED && { XDG_CACHE_HOME: join(PACKED, 'cache') }),
    // The mark: agents and checks inherit it.
    TMPDIR: join(root, 'tmp'),
    HEPH_AGENTS: JSON.stringify({ noop: { ...noop, env: { NOOP_LEDGER: join(root, 'agents-that-ran') } }, ...agents }),
    HEPH_LIMITS_BACKOFF_MS: '50',
    HEPH_LIMITS_STOP_GRACE_MS: '200',
    ...settings,
  };
  const product: Product = {
    root,
    data,
    kills: 0,
    operator: createOperator(data),
    heph: (...words) => product.run([...words, '--data', data]),
    run: (words, more = {}) => toItsEnd(start(words, { ...env, ...more }, root)),
    async up(...words) {
      const child = start(['up', '--data', data, '--no-open', '--json', ...words], env, root);
      const up = upOf(child, () => product.kills++);
      const said = await readyOrEnd(child);
      const ready = linesOf(said).find((line) => line.type === 'ready');
      if (!ready) throw new Error(`heph up ended: ${said}`);
      return { ...up, url: String(ready.url) };
    },
    define: (name, files) => {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(join(data, 'phases', name), { recursive: true, mode: 0o700 });
        lay(join(data, 'phases', name), { [file]: text });
      }
    },
    async end() {
      const left = await endProcessesOf(root);
      // To look at what a failing test has left.
      if (!process.env.HEPH_TEST_KEEP) rmSync(root, { recursive: true, force: true });
      return left;
    },
  };
  return product;
}

function start(words: string[], env: Record<string, string | undefined>, cwd: string): ChildProcess {
  return spawn(process.execPath, [CLI, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

function toItsEnd(child: ChildProcess): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  return new Promise((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr, lines: linesOf(stdout) })),
  );
}

/** What a server said until it was ready, or until it ended. */
function readyOrEnd(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve) => {
    const hear = (chunk: unknown) => {
      said += chunk;
      if (said.includes('"ready"')) resolve(said);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.on('close', () => resolve(said));
  });
}

function upOf(child: ChildProcess, counted: () => void): Omit<Up, 'url'> {
  const ended = new Promise<Awaited<Up['ended']>>((resolve) =>
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') counted();
      resolve({ code, signal });
    }),
  );
  return {
    pid: child.pid as number,
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      return (await ended).code;
    },
  };
}

function linesOf(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
