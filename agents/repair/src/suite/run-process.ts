import { spawn } from 'node:child_process';

export interface ProcessEnd {
  code: number | null;
  timedOut: boolean;
  durationMs: number;
  /** The end of what it printed on both outputs. */
  tail: string;
}

export interface ProcessLimits {
  cwd: string;
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  signal: AbortSignal;
}

const TAIL_CHARS = 16_384;

/**
 * Runs a program in a process group of its own and waits for its end; what is left of the group then is killed, as is
 * the whole group when the time is over. Throws the signal's reason when aborted, and when the program cannot start.
 */
export function runProcess(argv: readonly string[], limits: ProcessLimits): Promise<ProcessEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<ProcessEnd>();
  if (limits.signal.aborted) throw limits.signal.reason;
  const startedAt = performance.now();
  const [program, ...args] = argv as [string, ...string[]];
  // Standard input stays open as a leash: the probes end their group when it closes with this process.
  const child = spawn(program, args, { cwd: limits.cwd, env: limits.env, detached: true, stdio: 'pipe' });
  let tail = '';
  let timedOut = false;
  const keep = (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-TAIL_CHARS);
  };
  const killGroup = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group is gone already.
    }
  };
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup();
  }, limits.timeoutMs);
  limits.signal.addEventListener('abort', killGroup);
  child.stdin.on('error', () => {});
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('exit', killGroup);
  const settle = () => {
    clearTimeout(timer);
    limits.signal.removeEventListener('abort', killGroup);
  };
  child.on('error', (error) => {
    settle();
    reject(new Error(`${program} could not be started: ${error.message}`, { cause: error }));
  });
  child.on('close', (code) => {
    settle();
    if (limits.signal.aborted) reject(limits.signal.reason);
    else resolve({ code, timedOut, durationMs: performance.now() - startedAt, tail });
  });
  return promise;
}
