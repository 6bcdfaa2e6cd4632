import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createProduct, type Product } from '../support/product.ts';
import type { Told } from '../support/operator.ts';
import { makeRepository } from '../support/repositories.ts';

let product: Product;
beforeEach(() => {
  product = createProduct();
});
afterEach(async () => {
  await product.heph('down');
  expect(await product.end()).toEqual([]);
});

/** A package with a test that tells where it runs. */
function packageFiles(name: string, source: string, ledger: string): Record<string, string> {
  return {
    [`packages/${name}/index.js`]: source,
    [`packages/${name}/index.test.js`]: `import { appendFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { most } from './index.js';
appendFileSync(${JSON.stringify(ledger)}, '${name} ' + process.cwd() + '\\n');
test('${name}: the larger one is the most', () => assert.equal(most(1, 2), 2));
test('${name}: the first one may be larger', () => assert.equal(most(3, 2), 3));
test('${name}: equals are the most', () => assert.equal(most(2, 2), 2));
`,
  };
}

it('a package that no work touches is not tested again for it, and whoever looks is told', async () => {
  const ledger = join(product.root, 'tests-that-ran');
  const repository = await makeRepository(join(product.root, 'repository'), {
    'package.json': '{"type":"module","engines":{"node":">=20"},"scripts":{"test":"node --test"}}\n',
    'checks.yaml': `checks:
  node: { builtin: runtime }
  a: { run: node --test packages/a/index.test.js, needs: [node], inputs: { files: ["packages/a/**", package.json] }, tags: [tests] }
  b: { run: node --test packages/b/index.test.js, needs: [node], inputs: { files: ["packages/b/**", package.json] }, tags: [tests] }
`,
    ...packageFiles('a', 'export const most = (a, b) => (a < b ? a : b);\n', ledger),
    ...packageFiles('b', 'export const most = (a, b) => (a < b ? b : a);\n', ledger),
  });

  const ran = await product.heph('run', 'bugfix', '--repo', repository, '--goal', 'Make the tests pass', '--json');

  expect(ran.code, ran.stderr + ran.stdout.slice(-2000)).toBe(0);
  expect(readFileSync(join(repository, 'packages/a/index.js'), 'utf8')).toMatch(/a < b \? b : a|a > b \? a : b|a >= b/);
  const events = (await product.heph('events', '--json')).lines as unknown as Told[];
  const only = (type: string) => events.filter((event) => event.type === type).map(({ data }) => data);
  expect(only('WorkflowStarted')).toMatchObject([{ check: 'heph check', tests: 'npm test' }]);
  // On the base nothing is known yet.
  expect(only('BaselineRecorded')).toMatchObject([{ check: { command: 'heph check', status: 'failed' } }]);
  expect(only('BaselineRecorded')[0]?.check).not.toHaveProperty('cache');
  const worktrees = only('WorktreeReady');
  expect(worktrees.length).toBeGreaterThan(0);
  for (const ready of worktrees)
    expect(ready).toMatchObject({ environment: { checks: [{ name: 'node', status: 'passed' }], fixed: [] } });

  // The work on `a`: `b` is known, and the fact says why it may be.
  const judged = events.filter(({ type, data }) => type === 'ValidationPassed' && data.check !== null);
  const [work, lastWord] = judged.map(({ data }) => data.check);
  expect(work).toMatchObject({
    status: 'passed',
    passed: 6,
    cache: { why: expect.stringContaining('b: same files and tools') },
  });
  // The last word on the run was run for it.
  expect(lastWord).toMatchObject({ status: 'passed', passed: 6 });
  expect(lastWord).not.toHaveProperty('cache');
  const inGates = readFileSync(ledger, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${product.data}/checks/`));
  expect(inGates.filter((line) => line.startsWith('b '))).toHaveLength(2);
  expect(inGates.filter((line) => line.startsWith('a ')).length).toBeGreaterThan(2);

  const task = judged[0]?.stream.slice('task-'.length) ?? '';
  const told = await product.heph('get', 'task', task, '--json');
  expect(told.lines.at(-1)).toMatchObject({ checked: { cache: { cached: expect.any(Number) } } });
  const shown = await product.heph('view', 'timeline', '--json');
  expect(shown.stdout).toMatch(/The work is good: [^"]*\d of 3 checks from the cache, which saved \d/);
});
