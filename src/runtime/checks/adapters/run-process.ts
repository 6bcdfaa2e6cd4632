import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../../kernel/clock.ts';
import { createOutputTail } from '../output-tail.ts';

/** How long a group may take to end after SIGTERM, and how long pipes held by an escaped child are waited for. */
const GRACE_MS = 2_000;

const PASSED_ON = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'TZ',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
];

export interface ProcessRequest {
  argv: readonly string[];
  cwd: string;
  env: Record<string, string>;
  wallMs: number;
  outputBytesMax: number;
  clock: Clock;
  /** Called with the group's leader as soon as it lives. */
  onStart?(pid: number): Promise<void>;
  /** Everything that the command writes, both outputs, as it comes. */
  onOutput?(chunk: Buffer, from: 'stdout' | 'stderr'): void;
  /** Ends the group as the wall limit does. */
  signal?: AbortSignal;
}

export interface ProcessResult {
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  durationMs: number;
  /** Both outputs, mixed as they came: the end, without escape sequences. */
  tail: string;
}

/** The environment of a user's command: their PATH and home, nothing of the server's, nothing secret. */
export function commandEnvironment(user: NodeJS.ProcessEnv, more: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = { CI: '1', NO_COLOR: '1', TERM: 'dumb' };
  for (const name of PASSED_ON) if (user[name] !== undefined) env[name] = user[name];
  return { ...env, ...more };
}

/**
 * Runs a command without a shell, in a process group of its own, to its end or its wall limit. The group is gone when
 * this answers, background children included. Rejects with the system's error when the command cannot be started.
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  const { argv, clock } = request;
  const [file = '', ...args] = argv;
  const startedAt = clock.monotonicMs();
  const tail = createOutputTail(request.outputBytesMax);
  const child = spawn(file, args, {
    cwd: request.cwd,
    env: request.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const hear = (from: 'stdout' | 'stderr') => (chunk: Buffer) => {
    tail.push(chunk);
    request.onOutput?.(chunk, from);
  };
  child.stdout.on('data', hear('stdout'));
  child.stderr.on('data', hear('stderr'));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exited = exitOf(child);
  const limit = limitOf(child, request.wallMs, clock, request.signal);
  try {
    if (child.pid !== undefined) await request.onStart?.(child.pid);
    const { exitCode, signal } = await exited;
    killGroup(child.pid, 'SIGKILL');
    const cancel = clock.after(GRACE_MS, () => {
      child.stdout.destroy();
      child.stderr.destroy();
    });
    await closed;
    cancel();
    const durationMs = Math.round(clock.monotonicMs() - startedAt);
    return { exitCode, signal, timedOut: limit.reached(), durationMs, tail: tail.text() };
  } catch (error) {
    killGroup(child.pid, 'SIGKILL');
    throw error;
  } finally {
    limit.cancel();
  }
}

/** Signals a whole group; one that is gone already is fine. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH' && (error as NodeJS.ErrnoException).code !== 'EPERM')
      throw error;
  }
}

function exitOf(child: ChildProcess): Promise<{ exitCode: number | null; signal: string | null }> {
  const exit = new Promise<{ exitCode: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  exit.catch(() => undefined); // awaited later; a failing start is reported there
  return exit;
}

function limitOf(
  child: ChildProcess,
  wallMs: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): { reached(): boolean; cancel(): void } {
  let reached = false;
  let cancelKill = () => {};
  const end = () => {
    cancelKill();
    killGroup(child.pid, 'SIGTERM');
    cancelKill = clock.after(GRACE_MS, () => killGroup(child.pid, 'SIGKILL'));
  };
  const cancelTerm = clock.after(wallMs, () => {
    reached = true;
    end();
  });
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end, { once: true });
  return {
    reached: () => reached,
    cancel() {
      cancelTerm();
      cancelKill();
      signal?.removeEventListener('abort', end);
    },
  };
}
