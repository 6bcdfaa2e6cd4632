import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { probeAgents } from './agent-probe.ts';
import { createProbes } from './probes.ts';

let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'heph-probes-'));
  onTestFinished(() => rmSync(data, { recursive: true }));
});

it.each([
  ['git version 2.39.5 (Apple Git-154)', '>=2.30.0', true, 'git 2.39.5'],
  ['git version 2.29.9', '>=2.30.0', false, 'git is 2.29.9, and >=2.30.0 is wanted.'],
  ['v24.15.0', null, true, 'git 24.15.0'],
  ['says nothing of use', '>=1', true, 'git, which does not tell its version'],
  ['/usr/bin/git 123 456', '>=1', true, 'git, which does not tell its version'],
  [null, '>=1', false, 'git >=1 is wanted, and there is none on the PATH.'],
  [null, null, false, 'git is wanted, and there is none on the PATH.'],
])('of a program that says %j when %j is wanted: %j, %s', async (said, range, good, text) => {
  const seen = await createProbes(async () => said).program('git', range);
  expect(seen).toMatchObject({ good, text });
  expect(seen.next === null).toBe(good);
});

it('tells room where a folder will be, and a port that is taken', async () => {
  const { disk, port } = createProbes(async () => null);
  expect((await disk(join(data, 'not', 'there'))).text).toMatch(/^\d+\.\d GiB are free for .*not\/there$/);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const taken = (server.address() as { port: number }).port;
  expect(await port(taken)).toMatchObject({ good: false, text: `Port ${taken} is taken.` });
  server.close();
  await once(server, 'close');
  expect(await port(taken)).toMatchObject({ good: true });
});

it('tells an agent’s program, its version and its sign-in, and no secret', async () => {
  const tool = join(data, 'tool');
  writeFileSync(tool, '#!/bin/sh\necho "tool 1.2"\n', { mode: 0o700 });
  const asked = async (preset: Parameters<typeof probeAgents>[0][string], env: Record<string, string>) =>
    (await probeAgents({ mine: preset }, { env, home: data }))[0];
  expect(await asked({ argv: ['tool'] }, { PATH: '' })).toMatchObject({
    good: false,
    next: expect.stringContaining('agents.mine.argv'),
  });
  expect(await asked({ argv: ['{heph_node}'] }, { PATH: '' })).toMatchObject({ good: true, text: 'built in' });
  expect(await asked({ argv: ['tool'] }, { PATH: data })).toMatchObject({ good: true, text: `${tool} tool 1.2` });
  const codex = { argv: ['tool'], output: 'codex', passEnv: ['OPENAI_API_KEY'] };
  expect(await asked(codex, { PATH: data, OPENAI_API_KEY: 'very-secret' })).toEqual({
    name: 'mine',
    good: true,
    text: `${tool} tool 1.2, signed in by OPENAI_API_KEY`,
    next: null,
  });
  mkdirSync(join(data, '.codex'));
  writeFileSync(join(data, '.codex/config.toml'), '');
  expect(await asked(codex, { PATH: data })).toMatchObject({
    good: true,
    text: expect.stringContaining('sign-in unknown'),
    next: expect.stringContaining('Nothing'),
  });
});
