import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { httpCall } from './http-call.ts';
import type { World } from './world.ts';

/** What a living server tells about itself in `<data>/server.json` (0600). */
export interface ServerFile {
  pid: number;
  port: number;
  host: string;
  url: string;
  version: string;
  startedAt: number;
  epoch: number;
}

const HEALTH_TIMEOUT_MS = 5_000;

/** `--data`, else `HEPH_DATA`, else `heph` in the user's data home. */
export function dataDirectoryOf(
  world: Pick<World, 'env' | 'cwd' | 'home'>,
  flag?: string,
): { path: string; source: string } {
  if (flag) return { path: resolve(world.cwd, flag), source: '--data' };
  if (world.env.HEPH_DATA) return { path: resolve(world.cwd, world.env.HEPH_DATA), source: 'HEPH_DATA' };
  const home = world.env.XDG_DATA_HOME;
  // The specification of XDG says that a relative path there is to be ignored.
  if (home?.startsWith('/')) return { path: join(home, 'heph'), source: 'XDG_DATA_HOME' };
  return { path: join(world.home || homedir(), '.local', 'share', 'heph'), source: 'default' };
}

export function readServerFile(directory: string): ServerFile | null {
  try {
    const file = JSON.parse(readFileSync(join(directory, 'server.json'), 'utf8')) as ServerFile;
    return typeof file.url === 'string' && Number.isSafeInteger(file.pid) && file.pid > 0 ? file : null;
  } catch {
    return null;
  }
}

export function readToken(directory: string, file = join(directory, 'operator.token')): string | null {
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** Whether a process of that id lives; one of another user counts as living. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * The server that lives on a data directory. A file left behind by a dead server is passed over, also when its pid or its
 * port belongs to another program by now: only a health answer with the same start time proves who it is.
 */
export async function findServer(directory: string): Promise<ServerFile | null> {
  const file = readServerFile(directory);
  const token = readToken(directory);
  if (!file || !token || !isAlive(file.pid)) return null;
  try {
    const answer = await httpCall({ url: file.url, path: '/health', token, timeoutMs: HEALTH_TIMEOUT_MS });
    const health = JSON.parse(answer.text) as { startedAt?: unknown; result?: { startedAt?: unknown } };
    return (health.startedAt ?? health.result?.startedAt) === file.startedAt ? file : null;
  } catch {
    return null;
  }
}
