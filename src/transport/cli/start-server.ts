import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../kernel/clock.ts';
import { plainText } from '../../kernel/plain-text.ts';
import { CliFailure, fail, failureIn } from './failure.ts';
import { findServer, type ServerFile } from './server-file.ts';
import type { World } from './world.ts';

const START_MS = 30_000;
const LOOK_EVERY_MS = 40;

/**
 * The living server of a data directory, started when there is none: detached, so that it outlives this process, and
 * ending by itself when it has been idle. Two that start one at the same moment get the same server, since the second
 * server finds the directory owned. Throws what the server said when it did not come up.
 */
export async function findOrStartServer(world: World, directory: string): Promise<ServerFile> {
  const found = await findServer(directory);
  if (found) return found;
  const folder = mkdtempSync(join(tmpdir(), 'heph-start-'));
  try {
    return await startAndWait(world, directory, join(folder, 'said'));
  } finally {
    // The server keeps its open file; what it says later is in its own log.
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startAndWait(world: World, directory: string, saidPath: string): Promise<ServerFile> {
  const said = openSync(saidPath, 'a', 0o600);
  const [program, ...words] = [
    ...world.programs.cliArgv,
    'up',
    '--data',
    directory,
    '--idle-exit',
    '--no-open',
    '--json',
  ];
  const child = spawn(program as string, words, {
    cwd: '/',
    detached: true,
    env: world.env as NodeJS.ProcessEnv,
    stdio: ['ignore', said, said],
  });
  closeSync(said);
  child.unref();
  let ended: string | null = null;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = `it ended with ${signal ?? `code ${code}`}`));

  const deadline = world.clock.monotonicMs() + START_MS;
  while (world.clock.monotonicMs() < deadline) {
    const server = await findServer(directory);
    if (server) return server;
    if (ended !== null) {
      const failure = whatItSaid(saidPath, ended);
      // Another server is on its way up; what counts is that there is one.
      if (failure.code !== 'data.owned') throw failure;
    }
    await sleep(world.clock, LOOK_EVERY_MS);
  }
  throw ended === null
    ? fail('server.start_failed', `The server was not ready within ${START_MS / 1000} s.`)
    : whatItSaid(saidPath, ended);
}

function whatItSaid(path: string, ended: string): CliFailure {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  for (const line of lines.toReversed()) {
    try {
      const failure = failureIn(JSON.parse(line));
      if (failure) return failure;
    } catch {
      // Not a line of ours.
    }
  }
  const tail = plainText(lines.slice(-8).join('\n'));
  return fail('server.start_failed', `The server did not come up: ${ended}.${tail && ` It said: ${tail}`}`);
}
