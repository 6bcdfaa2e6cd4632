import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const READY_MS = 30_000;
const END_MS = 10_000;
const LINES_KEPT = 20;

/** A server of a peer, as a process of ours: no service, no port, gone with the benchmark. */
export interface ServerProcess {
  /** Resolves when it is gone. */
  end(): Promise<void>;
}

export interface ServerProgram {
  command: string;
  args: readonly string[];
  /** Whom it runs as when that is not the user who measures. */
  identity?: { uid: number; gid: number };
  cwd: string;
  /** What it prints when it can be used. */
  ready: string;
}

/** Resolves when it says that it is ready; throws with its last words when it ends before, or takes too long. */
export async function startServer(program: ServerProgram): Promise<ServerProcess> {
  const { command, args, cwd, identity, ready } = program;
  const child = spawn(command, args, { cwd, ...identity, stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    await untilReady(child, ready);
  } catch (error) {
    kill();
    throw error;
  }
  return {
    async end() {
      child.kill('SIGTERM');
      const late = setTimeout(kill, END_MS);
      await gone;
      clearTimeout(late);
      process.removeListener('exit', kill);
    },
  };
}

function untilReady(child: ChildProcess, ready: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const last: string[] = [];
    const fail = (why: string) => {
      clearTimeout(late);
      reject(new Error(`${child.spawnfile} ${why}\n${last.join('\n')}`));
    };
    const late = setTimeout(() => fail(`was not ready after ${READY_MS} ms`), READY_MS);
    // The lines are read to the end, so that a full pipe never stops it.
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream as NonNullable<typeof stream> }).on('line', (line) => {
        last.splice(0, Math.max(0, last.length - LINES_KEPT + 1));
        last.push(line);
        if (!line.includes(ready)) return;
        clearTimeout(late);
        resolve();
      });
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => fail(`ended with ${code}`));
  });
}
