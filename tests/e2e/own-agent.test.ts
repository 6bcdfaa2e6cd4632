import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { blocks, read } from '../support/pages.ts';
import { ROOT } from '../support/source-files.ts';

const GIT = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'init.defaultBranch=main'];
const SUM = 'export const sum = (a, b) => a - b;\n';
const TEST = `
import assert from 'node:assert';
import test from 'node:test';
import { sum } from './sum.js';
test('adds', () => assert.equal(sum(1, 2), 3));
`;

it('the agent that docs/agents.md gives in full mends a repository, from the failing test to the merge', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heph-own-agent-'));
  const heph = (...args: string[]) =>
    promisify(execFile)(process.execPath, [join(ROOT, 'src/programs/cli.ts'), ...args], {
      env: { ...process.env, HEPH_DATA: join(folder, 'data') },
    });
  onTestFinished(async () => {
    await heph('down');
    rmSync(folder, { recursive: true, force: true });
  });
  const [program = ''] = blocks(read('docs/agents.md'), 'js', 'own agent');
  writeFileSync(join(folder, 'my-agent.mjs'), program);
  const repository = makeRepository(join(folder, 'repository'));
  const argv = [process.execPath, join(folder, 'my-agent.mjs'), '{prompt_file}', '{mcp_config}'];

  await heph('config', 'set', JSON.stringify({ 'agents.mine': { argv } }));
  const run = await heph('run', 'bugfix', '--repo', repository, '--goal', 'Add', '--agent', 'mine', '--json');

  const report = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '');
  expect(report).toMatchObject({ outcome: 'completed' });
  expect(readFileSync(join(repository, 'sum.js'), 'utf8')).toBe(SUM.replace('-', '+'));
});

function makeRepository(path: string): string {
  const files = {
    'sum.js': SUM,
    'sum.test.js': TEST,
    'package.json': '{"type":"module","scripts":{"test":"node --test"}}',
  };
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  const git = (...args: string[]) => execFileSync('git', [...GIT, ...args], { cwd: path });
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'A sum that is none');
  return path;
}
