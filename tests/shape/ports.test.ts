import { describe, expect, it } from 'vitest';
import { aroundPorts } from '../support/around-ports.ts';
import { sourceFiles } from '../support/source-files.ts';

/** Where adapters, programs and the wire are, the ports end. */
const OUTSIDE = /\/adapters\/|^src\/(programs|transport)\/|[.]test[.]ts$|\/test-support[.]ts$/;
const core = sourceFiles(['src'], (path) => path.endsWith('.ts') && !OUTSIDE.test(path));
const found = (text: string) => aroundPorts({ path: 'src/machines/planted.ts', text });

describe('the core', () => {
  it('is there to be looked at, every part of it', () => {
    const parts = new Set(core.map(({ path }) => path.split('/')[1]));
    expect([...parts]).toEqual(expect.arrayContaining(['actors', 'kernel', 'machines', 'runtime', 'store']));
    expect(core.length).toBeGreaterThan(40);
  });

  it('reaches time, chance, disk, git, terminals and the network through its ports only', () => {
    const around = core.flatMap((file) => aroundPorts(file).map((what) => `${file.path}: ${what}`));
    expect(around).toEqual([]);
  });
});

describe('a way around the ports', () => {
  it.each([
    ['the time', 'export const at = Date.now();', 'Date'],
    ['the time of construction', 'const at = new Date(); export { at };', 'Date'],
    ['the time, taken apart', 'const { now } = Date; export { now };', 'Date'],
    ['the time behind a cast', 'export const at = (Date as unknown as { now(): number }).now();', 'Date'],
    ['a stopwatch', 'export const at = performance.now();', 'performance'],
    ['a timer', 'export const wait = () => setTimeout(() => {}, 1);', 'setTimeout'],
    ['a timer in a signal', 'export const signal = AbortSignal.timeout(5);', 'AbortSignal.timeout'],
    ['chance', 'export const chance = Math.random();', 'Math.random'],
    ['chance by another spelling', "export const chance = Math['random']();", 'Math.random'],
    [
      'random bytes',
      "import { createHash, randomBytes } from 'node:crypto'; export { createHash, randomBytes };",
      'import of randomBytes from node:crypto',
    ],
    [
      'everything that is random',
      "import * as crypto2 from 'node:crypto'; export { crypto2 };",
      'import of all from node:crypto',
    ],
    ['random ids', 'export const id = crypto.randomUUID();', 'crypto'],
    ['the environment', 'export const home = process.env.HOME;', 'process'],
    ['the disk', "import { readFileSync } from 'node:fs'; export { readFileSync };", 'import of node:fs'],
    ['the disk by its short name', "export * from 'fs/promises';", 'import of fs/promises'],
    ['the disk, later', "export const fs = () => import('node:fs');", 'import of node:fs'],
    ['a module of any name', 'export const any = (name: string) => import(name);', 'import of a computed name'],
    ['git', "import { simpleGit } from 'simple-git'; export { simpleGit };", 'import of simple-git'],
    ['a terminal', "import * as pty from '@lydell/node-pty'; export { pty };", 'import of @lydell/node-pty'],
    ['a program', "import { spawn } from 'node:child_process'; export { spawn };", 'import of node:child_process'],
    ['the network', "export const page = fetch('http://localhost');", 'fetch'],
    ['the global object', "export const now = globalThis['Date'];", 'globalThis'],
  ])('is found: %s', (_what, text, finding) => {
    expect(found(text)).toContain(finding);
  });

  it.each([
    ['a type', "import type { Socket } from 'node:net'; export let at: Date | Socket | null = null;"],
    ['a property of that name', 'export const read = (it: { process: number; Date: number }) => it.process + it.Date;'],
    ['something else of that name', 'export const name = (process: { name: string }) => process.name;'],
    ['a key of that name', 'export const made = { process: 1, fetch: 2 };'],
    ['text and comments', "// Date.now()\nexport const text = 'Date.now()' + `setTimeout`;"],
    ['a hash', "import { createHash } from 'node:crypto'; export { createHash };"],
  ])('is not seen where there is none: %s', (_what, text) => {
    expect(found(text)).toEqual([]);
  });
});
