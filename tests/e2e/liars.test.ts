import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { git, makeRepository, NESTED_LIBRARY, stateOf } from '../support/repositories.ts';

const LIAR = fileURLToPath(new URL('../support/fake-agents/liar.mjs', import.meta.url));
const LIES = ['claims', 'edits_checks', 'edits_test', 'removes_test', 'patches_runner', 'prints', 'forges'] as const;

/** One task whose work must pass all checks. */
const MEND = {
  'workflow.yaml': 'title: Mend\nphases:\n  - mend\n',
  'mend.md': `---
goal: The checks pass.
role: fix
starts_with: one_task
changes: required
checks: all
allowed_tools: [update_task_status]
---
Mend it.
`,
};

let product: Product;
let server: Up;
let repository: string;

beforeAll(async () => {
  const argv = (how: string) => [process.execPath, LIAR, how, '{mcp_config}', '{token_file}', '{worktree}'];
  product = createProduct({
    settings: { HEPH_LIMITS_ATTEMPTS_MAX: '1', HEPH_LIMITS_VALIDATION_ROUNDS_MAX: '1' },
    agents: Object.fromEntries(LIES.map((how) => [how.replaceAll('_', '-'), { argv: argv(how) }])),
  });
  server = await product.up();
  product.define('mend', MEND);
  repository = await makeRepository(join(product.root, 'repository'), NESTED_LIBRARY);
});
afterAll(async () => {
  expect(await server.stop()).toBe(0);
  expect(await product.end()).toEqual([]);
});

/** Runs the one task with an agent that lies; answers the verdicts on it. */
async function verdictsOn(where: string, how: string): Promise<Record<string, unknown>[]> {
  const before = await stateOf(where);
  const ran = await product.heph(
    ...['run', 'mend', '--repo', where, '--goal', 'Mend it', '--agent', how.replaceAll('_', '-'), '--json'],
  );
  const report = ran.lines.at(-1) as { outcome: string; workflowId: string };
  expect([ran.code, report.outcome], ran.stdout.slice(-2000)).toEqual([1, 'failed']);
  const verdicts = await product.operator.events({ types: ['ValidationFailed'], workflowId: report.workflowId });
  expect(await product.operator.events({ types: ['TaskMerged'], workflowId: report.workflowId })).toEqual([]);
  expect(await stateOf(where)).toBe(before);
  expect(await git(where, 'log', '--oneline', 'main')).not.toContain('\n');
  return verdicts.map(({ data }) => data);
}

describe('an agent that says done and has mended nothing', () => {
  it.each([
    ['claims', 'check_failed'],
    ['edits_test', 'judge_changed'],
    ['removes_test', 'check_failed'],
    ['patches_runner', 'check_failed'],
    ['prints', 'tests_gone'],
    ['forges', 'tests_gone'],
  ])('%s: its work is refused and merged nowhere', async (how, code) => {
    expect((await verdictsOn(repository, how)).map((verdict) => verdict.code)).toEqual([code]);
  });
});

describe('where a graph of checks judges that names too few of its inputs', () => {
  let graph: string;
  beforeAll(async () => {
    const inputs = 'inputs: { files: ["lib/**", package.json] }';
    const checks = `checks: { test: { run: node --test, ${inputs}, tags: [tests] } }\n`;
    graph = await makeRepository(join(product.root, 'graph'), { ...NESTED_LIBRARY, 'checks.yaml': checks });
  });

  it.each([
    ['edits_checks', 'configuration', 'check_failed', { pass: false, code: 'tests_gone' }],
    ['edits_test', 'test', 'judge_changed', { pass: true }],
  ])('%s: what its own judge says is not taken for what the original says', async (how, kind, code, own) => {
    expect(await verdictsOn(graph, how)).toMatchObject([
      {
        code,
        judge: {
          touched: [{ kind, change: 'changed' }],
          own: { ...own, check: { command: 'heph check', status: 'passed' } },
          original: { pass: false, check: { command: 'heph check', status: 'failed' } },
        },
      },
    ]);
    // Nor for what is said of the next one's work, which has the same inputs.
    expect(await verdictsOn(graph, 'claims')).toMatchObject([{ code: 'check_failed' }]);
  });
});
