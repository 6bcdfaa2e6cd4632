import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, lstatSync, readlinkSync, rmdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { CheckRun } from '../results.ts';
import { createBench, picture, told } from './test-support.ts';
import { tellWebhook } from './webhook.ts';

it('takes a fix back, file by file, and leaves what was changed since', async () => {
  const bench = createBench({
    clean: 'committed',
    loose: 'committed',
    gone: 'was here',
    script: 'x',
    '.gitignore': 'deps\n',
  });
  bench.write('loose', 'changed before');
  bench.write('new', 'not tracked');
  bench.write('deps/a', 'installed');
  symlinkSync('clean', join(bench.root, 'link'));
  const { fixes } = bench.open();
  const changed = await fixes.apply('fix_1', 'lint', { words: ['fmt'], changes: ['deps'] }, async () => {
    for (const name of ['clean', 'loose', 'new', 'touched', 'deps/b']) bench.write(name, 'fixed');
    for (const name of ['gone', 'link']) bench.remove(name);
    bench.write('script', 'x', 0o755);
    return true;
  });
  expect(changed.toSorted()).toEqual(['clean', 'deps', 'gone', 'link', 'loose', 'new', 'script', 'touched']);
  bench.write('touched', 'changed by a person');

  const before = picture(bench.root);
  expect(await fixes.undo(true)).toMatchObject({ check: 'lint' });
  expect(picture(bench.root)).toEqual(before);

  const undone = await fixes.undo(false);
  expect(undone?.left).toEqual(['touched']);
  expect(['clean', 'loose', 'new', 'gone', 'touched', 'deps/a'].map(bench.read)).toEqual([
    'committed',
    'changed before',
    'not tracked',
    'was here',
    'changed by a person',
    'installed',
  ]);
  expect(readlinkSync(join(bench.root, 'link'))).toBe('clean');
  expect(lstatSync(join(bench.root, 'script')).mode & 0o111).toBe(0);
  expect(existsSync(join(bench.root, 'deps/b'))).toBe(false);
  expect(await fixes.undo(false)).toBeNull();
});

it('records what a fix that failed has changed, and puts folders back at once', async () => {
  const bench = createBench({ a: 'before', '.gitignore': 'deps\n' });
  bench.write('deps/old', 'installed');
  const { fixes } = bench.open();
  const apply = fixes.apply('fix_1', 'lint', { words: ['fmt'], changes: ['deps'] }, async () => {
    bench.write('a', 'half');
    bench.write('deps/new', 'half');
    throw new Error('it broke');
  });
  await expect(apply).rejects.toThrow('it broke');
  expect([bench.read('deps/old'), existsSync(join(bench.root, 'deps/new'))]).toEqual(['installed', false]);
  await fixes.undo(false);
  expect(bench.read('a')).toBe('before');
});

it('follows no link out of the repository when it takes something back', async () => {
  const bench = createBench({ 'in/a': 'before' });
  const { fixes } = bench.open();
  await fixes.apply('fix_1', 'lint', { words: ['fmt'], changes: [] }, async () => {
    bench.remove('in/a');
    return true;
  });
  rmdirSync(join(bench.root, 'in'));
  symlinkSync('../..', join(bench.root, 'in'));
  expect((await fixes.undo(false))?.left).toEqual(['in/a']);
});

it('looks at an environment: packages, lockfile, ports, disk, git', async () => {
  const manifest = { name: 'x', version: '1.0.0', engines: { node: '>=4' }, dependencies: { left: '1.0.0' } };
  const lock = (range: string) =>
    JSON.stringify({ packages: { '': { dependencies: { left: range } }, 'node_modules/left': { version: '1.0.0' } } });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const bench = createBench({
    'package.json': JSON.stringify(manifest),
    'package-lock.json': lock('2.0.0'),
    '.gitignore': 'node_modules\n',
    'checks.yaml': `checks:
  runtime: { builtin: runtime }
  lockfile: { builtin: lockfile }
  dependencies: { builtin: dependencies }
  disk: { builtin: disk_space }
  state: { builtin: git_state }
  port: { builtin: port_free, with: { port: ${port} } }
  agents: { builtin: agents, with: { agent: claude } }
`,
  });
  const agents = async () => [{ name: 'claude', good: false, text: 'claude is not on the PATH.', next: 'Install it.' }];
  const look = async () => (await bench.run({ open: { agents } })).checks;
  const found = Object.fromEntries((await look()).map(({ name, status, why }) => [name, [status, why]]));
  expect(found).toMatchObject({
    runtime: ['passed', expect.stringMatching(/^node \d.*, as wanted$/)],
    lockfile: ['failed', 'package-lock.json and package.json differ in left.'],
    dependencies: ['failed', 'The dependencies are not installed.'],
    disk: ['passed', expect.stringContaining('GiB are free')],
    state: ['passed', 'nothing is under way and nothing in conflict'],
    port: ['failed', `Port ${port} is taken.`],
    agents: ['failed', 'claude is not on the PATH.'],
  });

  bench.write('package-lock.json', lock('1.0.0'));
  bench.write(
    'node_modules/.package-lock.json',
    JSON.stringify({ packages: { 'node_modules/left': { version: '1.0.0' } } }),
  );
  bench.write('.git/MERGE_HEAD', '');
  const now = await look();
  expect(now.find(({ name }) => name === 'lockfile')?.status).toBe('passed');
  expect(now.find(({ name }) => name === 'dependencies')?.status).toBe('passed');
  expect(now.find(({ name }) => name === 'state')?.why).toBe('a merge is under way.');
  expect(told(await bench.run({ select: { names: ['lockfile', 'dependencies'] } }))).toEqual({
    lockfile: 'passed from cache',
    dependencies: 'passed from cache',
  });
  bench.write('node_modules/.package-lock.json', '{}');
  expect(told(await bench.run({ select: { names: ['dependencies'] } }))).toEqual({ dependencies: 'failed' });
});

const RUN = {
  runId: 'chk_1',
  repositoryId: 'rep_1',
  folder: '/home/somebody/secret-project',
  state: 'passed',
  checks: [],
} as unknown as CheckRun;

it('tells a webhook without a path, follows no redirection, and says what became of it', async () => {
  const heard: string[] = [];
  let status = 204;
  const server = createServer(async (request, response) => {
    heard.push(Buffer.concat(await request.toArray()).toString());
    response.writeHead(status, { location: '/elsewhere' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  expect(await tellWebhook(url, RUN)).toEqual({ delivered: true, detail: 'it answered 204' });
  expect(JSON.parse(heard[0] ?? '')).toMatchObject({ type: 'check_run', runId: 'chk_1', state: 'passed' });
  expect(heard[0]).not.toContain('secret-project');
  status = 307;
  expect(await tellWebhook(url, RUN)).toEqual({ delivered: false, detail: 'it answered 307' });
  expect(heard).toHaveLength(2);
  expect(await tellWebhook('file:///etc/passwd', RUN)).toMatchObject({
    delivered: false,
    detail: expect.stringContaining('neither http nor https'),
  });
  expect(await tellWebhook('http://127.0.0.1:1/', RUN)).toMatchObject({ delivered: false });
});
