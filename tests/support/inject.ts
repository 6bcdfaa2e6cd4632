import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linesSaid, type Said } from './log-ledger.ts';

/** A fault that the system answers one call with, e.g. the third `fsync` of the log with EIO. */
export interface Fault {
  calls: string;
  error: string;
  /** strace's words: `3` for the third, `3+` for it and all that follow. */
  when: string;
}

const WRITER = fileURLToPath(new URL('./log-writer.ts', import.meta.url));
/** The files of a log. Faults elsewhere, as in the program's own files, would be no faults of a disk. */
const FILES = ['log.db', 'log.db-wal', 'anchor.json', 'owner.lock', 'owner.json.tmp', 'format.json.tmp'];

/** Runs the writer on a directory while the system fails as told. Answers what it said, and how many faults it met. */
export async function writeUnder(
  directory: string,
  { calls, error, when }: Fault,
  sessions: readonly string[],
): Promise<{ said: Said[]; injected: number }> {
  const trace = `${directory}.trace`;
  const words = [
    ...straceOf(directory, trace),
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${calls}:error=${error}:when=${when}`,
  ];
  const program = [process.execPath, WRITER, directory, 'FULL', ...sessions];
  const stdout = await new Promise<string>((resolve, reject) =>
    execFile('strace', ['-f', ...words, '--', ...program], (failed, out, err) =>
      failed ? reject(new Error(`${err}${failed}`)) : resolve(out),
    ),
  );
  return { said: linesSaid(stdout), injected: injectedIn(trace) };
}

export interface Failing {
  injected(): number;
  /** From now on the system is well again. */
  end(): Promise<void>;
}

/** Makes every flush of a living server's log fail, from when this resolves. */
export async function failFlushes(pid: number, data: string, trace: string): Promise<Failing> {
  const inject = ['-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO'];
  const child = spawn('strace', ['-f', ...straceOf(data, trace, false), ...inject, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await attached(child);
  return {
    injected: () => injectedIn(trace),
    async end() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      await ended;
    },
  };
}

function straceOf(directory: string, trace: string, quiet = true): string[] {
  const files = FILES.flatMap((name) => ['-P', join(directory, name)]);
  return [...(quiet ? ['-qq'] : []), '-e', 'signal=none', ...files, '-o', trace];
}

function attached(child: ChildProcess): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      said += chunk;
      if (/attached/.test(said)) resolve();
    });
    child.on('exit', () => reject(new Error(`strace ended: ${said}`)));
  });
}

function injectedIn(trace: string): number {
  return readFileSync(trace, 'latin1').split('(INJECTED)').length - 1;
}
