import { readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sha256 } from '../../kernel/canonical.ts';
import type { Clock } from '../../kernel/clock.ts';
import { endOrphan } from '../../runtime/checks/adapters/orphans.ts';
import type { CachedResult, ResultCache } from '../ports.ts';
import { createClaims } from './claims.ts';
import { codeOf, makeFolder, placeFile } from './folder.ts';
import { seal, unseal } from './sealed.ts';

/** Results lie in 256 folders; each keeps so many, the newest. */
const PER_SHARD_MAX = 40;
const KEY = /^[0-9a-f]{64}$/;

/**
 * Results of one repository's checks below `folder`, which may be deleted at any time. `root` is the work tree that is
 * checked. With `readOnly`, nothing is written, and what is damaged stays where it is.
 */
export function fileResultCache(options: {
  folder: string;
  root: string;
  clock: Clock;
  readOnly: boolean;
}): ResultCache {
  const { folder, root, clock, readOnly } = options;
  const claim = createClaims(join(folder, 'claims'), clock);
  const pathOf = (key: string) => join(folder, 'results', key.slice(0, 2), `${key}.json`);

  return {
    async read(key) {
      if (!KEY.test(key)) return null;
      const text = await readFile(pathOf(key), 'utf8').catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return null;
        throw error;
      });
      if (text === null) return null;
      const result = unseal<CachedResult>(text);
      if (result === null && !readOnly) await setAside(folder, pathOf(key));
      return result;
    },

    async write(key, result) {
      if (readOnly) return;
      const path = pathOf(key);
      await placeFile(path, seal(result));
      await dropOld(dirname(path));
    },

    async claim(check, key, onWait, signal) {
      const here = `folder-${sha256(`${root}\0${check}`).slice(0, 40)}`;
      const wait = (where: string) => (pid: number) => onWait(`process ${pid} runs ${check} ${where}`);
      // Nobody who holds the second kind waits for the first, so the two cannot wait for each other.
      const leave = await claim(here, signal, wait('in this folder'), () => endOrphan(groupFile(folder, root, check)));
      if (key === null) return leave;
      try {
        const leaveKey = await claim(`inputs-${key.slice(0, 40)}`, signal, wait('on the same inputs'), async () => {});
        return async () => {
          await leaveKey();
          await leave();
        };
      } catch (error) {
        await leave();
        throw error;
      }
    },

    async freeBytes() {
      await makeFolder(folder);
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
  };
}

/** Where the process group of a check is remembered while it runs, so that what a killed run left can be ended. */
export function groupFile(folder: string, root: string, check: string): string {
  return join(folder, 'claims', `group-${sha256(`${root}\0${check}`).slice(0, 40)}.json`);
}

/** Kept for whoever wants to know what happened; the check just runs again. */
async function setAside(folder: string, path: string): Promise<void> {
  await makeFolder(join(folder, 'damaged'));
  await rename(path, join(folder, 'damaged', path.slice(path.lastIndexOf('/') + 1))).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error; // another run was quicker
  });
}

async function dropOld(shard: string): Promise<void> {
  const names = (await readdir(shard)).filter((name) => name.endsWith('.json'));
  if (names.length <= PER_SHARD_MAX) return;
  const aged = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(shard, name)).catch(() => null))?.mtimeMs ?? 0 })),
  );
  const old = aged.sort((a, b) => a.at - b.at).slice(0, names.length - PER_SHARD_MAX);
  await Promise.all(old.map(({ name }) => rm(join(shard, name), { force: true })));
}
