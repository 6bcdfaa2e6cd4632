import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import type { BuiltInResult, Fix, Probes } from '../ports.ts';
import { inRange } from '../version-range.ts';

const FREE_BYTES_LEAST = 1024 ** 3;

export const good = (text: string): BuiltInResult => ({ good: true, text, next: null, fix: null });
export const bad = (text: string, next: string, fix: Fix | null = null): BuiltInResult => ({
  ...{ good: false, text, next, fix },
});

/**
 * Looks at this machine. `versionOf` answers what a program says of its version, its path when it says nothing, and null when there
 * is none of that name.
 */
export function createProbes(versionOf: (name: string) => Promise<string | null>): Omit<Probes, 'agents'> {
  return {
    async program(name, range) {
      const wanted = range === null ? name : `${name} ${range}`;
      const said = await versionOf(name);
      if (said === null) return bad(`${wanted} is wanted, and there is none on the PATH.`, `Install ${wanted}.`);
      const version = said.startsWith('/') ? undefined : said.match(/\d+(\.\d+)*/)?.[0];
      if (version === undefined) return good(`${name}, which does not tell its version`);
      if (range !== null && inRange(version, range) === false)
        return bad(`${name} is ${version}, and ${range} is wanted.`, `Install ${wanted}.`);
      return good(`${name} ${version}`);
    },

    async disk(folder) {
      const { bavail, bsize } = await statfs(nearest(folder));
      const free = `${((bavail * bsize) / 1024 ** 3).toFixed(1)} GiB are free for ${folder}`;
      return bavail * bsize >= FREE_BYTES_LEAST
        ? good(free)
        : bad(`Only ${free}.`, 'Free some space: at least 1 GiB is needed.');
    },

    port: (port) =>
      new Promise((resolve) => {
        const server = createServer();
        server.once('error', () =>
          resolve(bad(`Port ${port} is taken.`, 'End the program that listens there, or use another port.')),
        );
        server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
          server.close(() => resolve(good(`port ${port} is free`))),
        );
      }),
  };
}

/** The nearest folder above that exists. */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}
