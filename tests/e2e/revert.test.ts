import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createProduct, type Product } from '../support/product.ts';
import { git, makeRepository } from '../support/repositories.ts';

/** Writes what its goal names; told to take something out, it finds the conflict in its file and resolves it. */
const AGENT = `
const { readFileSync, writeFileSync } = require('node:fs');
const prompt = readFileSync(process.argv[1], 'utf8');
if (prompt.includes('Take the merge')) {
  if (!/^<{7} [0-9a-f]{40}$/m.test(readFileSync('a.txt', 'utf8'))) process.exit(3);
  writeFileSync('a.txt', 'by the second alone\\n');
} else writeFileSync('a.txt', prompt.includes('Write one') ? 'by the first\\n' : 'by the first and the second\\n');
`;
const EDIT = {
  'workflow.yaml': 'title: Edit\nphases:\n  - edit\n',
  'edit.md': '---\ngoal: It is written.\nrole: fix\nstarts_with: one_task\n---\nWrite.\n',
};
const TEST = `
import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import test from 'node:test';
test('there is a text', () => assert.ok(readFileSync('a.txt', 'utf8').length > 3));
`;

let product: Product;
beforeEach(async () => {
  product = createProduct({
    agents: { writer: { argv: [process.execPath, '-e', AGENT, '{prompt_file}'] } },
    settings: { HEPH_FLEET_DIED_AT_ONCE_MS: '0' },
  });
  await product.up();
  product.define('edit', EDIT);
});
afterEach(async () => {
  await product.heph('down');
  expect(await product.end()).toEqual([]);
});

it('a revert that conflicts is resolved by an agent, checked, and in the base branch when `heph revert` ends', async () => {
  const repository = await makeRepository(join(product.root, 'own repository'), {
    'package.json': '{"type":"module","scripts":{"test":"node --test"}}\n',
    'a.txt': 'nothing\n',
    'a.test.js': TEST,
  });
  const run = (goal: string) =>
    product.heph('run', 'edit', '--repo', repository, '--goal', goal, '--agent', 'writer', '--json');
  const [one, two] = [await run('Write one'), await run('Write two')];
  expect([one.code, two.code], one.stderr + two.stderr + two.stdout.slice(-2000)).toEqual([0, 0]);
  const { workflowId } = one.lines.at(-1) as { workflowId: string };
  const before = await git(repository, 'rev-parse', 'main');

  const reverted = await product.heph('revert', workflowId, '--reason', 'it was wrong', '--json');

  expect(reverted.code, reverted.stderr + reverted.stdout).toBe(0);
  expect(reverted.lines.at(-1)).toMatchObject({ outcome: 'WorkflowCompleted', delivery: { base: 'moved' } });
  expect(readFileSync(join(repository, 'a.txt'), 'utf8')).toBe('by the second alone\n');
  await git(repository, 'merge-base', '--is-ancestor', before, 'main');
  expect(await git(repository, 'status', '--porcelain')).toBe('');
  const again = await product.heph('revert', workflowId, '--json');
  expect(again.lines.at(-1)).toMatchObject({ error: { code: 'revert.done_already' } });
  await product.heph('down');
  expect(await product.heph('replay', '--json')).toMatchObject({ code: 0, lines: [{ difference: null }] });
});
