import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { type Clock, sleep } from '../../kernel/clock.ts';
import { codeOf, makeFolder } from './folder.ts';

/** Who holds a claim: a pid alone may belong to somebody else by now. */
interface Holder {
  pid: number;
  /** The kernel's start tick and boot; null where there is no /proc. */
  born: string | null;
}

const LOOK_AGAIN_MS = 100;

/**
 * A file says that a process does something which nobody else may do meanwhile. It is taken over when that process is gone.
 * Should two take over the same one at the same instant, both go on: what they do happens twice, and no result is torn by it.
 */
export function createClaims(folder: string, clock: Clock) {
  const self: Holder = { pid: process.pid, born: bornOf(process.pid) };

  /** Waits for the claim; `onWait` is told once for whom, `onDead` when a dead process held it. Rejects when the signal comes. */
  return async function claim(
    name: string,
    signal: AbortSignal,
    onWait: (pid: number) => void,
    onDead: () => Promise<void>,
  ): Promise<() => Promise<void>> {
    await makeFolder(folder);
    const path = join(folder, `${name}.json`);
    for (let told = false; ; ) {
      signal.throwIfAborted();
      if (await take(path, self)) return () => rm(path, { force: true });
      const holder = await readHolder(path);
      if (holder && isAlive(holder)) {
        if (!told) onWait(holder.pid);
        told = true;
        await sleep(clock, LOOK_AGAIN_MS, signal);
      } else if (await removeDead(path)) await onDead();
    }
  };
}

/** Written whole and linked into place, so that nobody reads half of it. */
async function take(path: string, self: Holder): Promise<boolean> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, JSON.stringify(self), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

/** Moved away first, and put back when it was not the dead one's after all. */
async function removeDead(path: string): Promise<boolean> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  const holder = await readHolder(aside);
  const lives = holder !== null && isAlive(holder);
  if (lives) await link(aside, path).catch(() => {});
  await unlink(aside);
  return !lives;
}

async function readHolder(path: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function isAlive({ pid, born }: Holder): boolean {
  const now = bornOf(pid);
  if (born !== null && now !== null) return now === born;
  if (born !== null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function bornOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return null;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()}:${fields[18]}`;
  } catch {
    return null;
  }
}
