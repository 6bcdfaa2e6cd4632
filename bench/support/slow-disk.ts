import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readServerFile } from '../../src/transport/cli/server-file.ts';

/** A server whose log is on a disk that takes its time. */
export interface SlowServer {
  /** How many flushes were slow so far. */
  delayed(): number;
  stop(): Promise<void>;
}

const READY = 'is ready';

/** Starts a program of ours under strace, which lets each flush of the log begin `flushMs` later; no other call is touched. */
export async function startOnSlowDisk(words: readonly string[], data: string, flushMs: number): Promise<SlowServer> {
  const trace = `${data}.trace`;
  const files = ['log.db', 'log.db-wal'].flatMap((name) => ['-P', join(data, name)]);
  const inject = `inject=fsync,fdatasync:delay_enter=${flushMs}ms`;
  const strace = ['-f', '--seccomp-bpf', '-qq', '-e', 'signal=none', '-e', 'trace=fsync,fdatasync', '-e', inject];
  const child = spawn('strace', [...strace, ...files, '-o', trace, '--', process.execPath, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const ready = new Promise<void>((resolve) => lines.on('line', (line) => line.includes(READY) && resolve()));
  await Promise.race([
    ready,
    exited.then(([code]) => {
      throw new Error(`the server ended with ${code} before it was ready`);
    }),
  ]);
  return {
    delayed: () => readFileSync(trace, 'latin1').split('(DELAYED)').length - 1,
    async stop() {
      const server = readServerFile(data);
      if (server) process.kill(server.pid, 'SIGTERM');
      else child.kill('SIGKILL');
      await exited;
    },
  };
}
