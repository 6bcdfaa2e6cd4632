import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventsIn } from '../support/exported.ts';
import { createProduct, type Product } from '../support/product.ts';
import { git, makeRepository, SMALL_REPOSITORY } from '../support/repositories.ts';

const AGENT = fileURLToPath(new URL('../support/fake-agents/manual.mjs', import.meta.url));
const WORKFLOW: Record<string, string> = {
  'workflow.yaml': `title: Write the manual
result:
  criteria:
    - text: All checks pass.
      proved_by: checks
    - There is a page for the user.
  review:
    instructions: Look for the page.
phases:
  - write
`,
  'write.md': `---
goal: The manual is written.
role: write
starts_with: one_task
changes: required
checks: none
allowed_tools: [update_task_status]
---
Write the manual.
`,
};

let product: Product;
let repository: string;
beforeEach(async () => {
  const argv = [process.execPath, AGENT, '{mcp_config}', '{token_file}', '{prompt_file}', '{worktree}'];
  product = createProduct({ agents: { manual: { argv } } });
  repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
});
afterEach(async () => {
  expect(await product.end()).toEqual([]);
});

describe('the result of a run', () => {
  it('is rejected by a reviewer, mended, accepted and delivered, over a server that is killed at each step of that', async () => {
    let server = await product.up();
    product.define('manual', WORKFLOW);
    const input = { workflow: 'manual', repository, goal: 'Users know what it does', agent: 'manual', check: 'true' };
    const { id: workflowId } = await product.operator.command('start_workflow', input);
    let after = '0';
    for (const type of [
      ...['ResultSubmitted', 'ResultReviewRequested', 'ResultValidationGiven', 'ResultRejected'],
      ...['ResultSubmitted', 'ResultReviewRequested', 'ResultValidationGiven', 'ResultAccepted'],
    ]) {
      after = (await product.operator.until([type, 'WorkflowCompleted', 'WorkflowFailed'], after)).position;
      await server.kill();
      server = await product.up();
    }
    const end = await product.operator.until(['WorkflowCompleted', 'WorkflowFailed']);
    expect(end.type, JSON.stringify(end.data)).toBe('WorkflowCompleted');
    expect(await git(repository, 'show', 'main:docs/page.md')).toBe('What it does.');

    const shown = await product.operator.query<{ summary: { result: object; results: object[] } }>('get_view', {
      ...{ view: 'workflow', params: { workflowId } },
    });
    expect(shown.summary).toMatchObject({
      result: { status: 'accepted', submissions: 2, awaits: null },
      results: [
        { status: 'rejected', mended: true, criteria: [{ verdict: 'pass' }, { verdict: 'fail' }] },
        { status: 'accepted', criteria: [{ verdict: 'pass' }, { evidence: 'docs/page.md is in the tree' }] },
      ],
    });
    const report = (await product.heph('follow', workflowId)).stdout;
    expect(report).toContain('Result: accepted, submission 2');
    expect(await server.stop()).toBe(0);

    const log = await eventsIn(product.data);
    const count = (type: string) => log.filter((event) => event.type === type).length;
    expect(['ResultSubmitted', 'ResultRejected', 'ResultAccepted', 'TaskMerged'].map(count)).toEqual([2, 1, 1, 2]);
    const accepted = log.find((event) => event.type === 'ResultAccepted');
    expect(log.find((event) => event.type === 'DeliveryStarted')?.data.commit).toBe(accepted?.data.commit);
    // Two that wrote and two that reviewed, each once.
    const ran = readFileSync(join(product.root, 'ran'), 'utf8').trim().split('\n');
    expect([ran.length, new Set(ran).size]).toEqual([4, 4]);
    expect(product.kills).toBe(8);
    const replayed = await product.heph('replay', '--json');
    expect(replayed).toMatchObject({ code: 0, lines: [{ difference: null, unknown: 0 }] });
  });

  it('is submitted by a person where the template says so, and the run says that it waits', async () => {
    const server = await product.up();
    const { 'workflow.yaml': text = '', ...pages } = WORKFLOW;
    const byHand = text.replace('result:\n', 'result:\n  submitted_by: operator\n').replace(/ {2}review:\n.*\n/, '');
    product.define('by-hand', { 'workflow.yaml': byHand, ...pages });
    const words = ['run', 'by-hand', '--repo', repository, '--goal', 'g', '--agent', 'manual', '--check', 'true'];
    const waiting = await product.heph(...words, '--json');
    expect(waiting).toMatchObject({ code: 3 });
    const report = waiting.lines.at(-1) as { workflowId: string; reason: string };
    expect(report).toMatchObject({ outcome: 'stalled', code: 'run.awaits_result' });
    const wrong = ['result', 'submit', report.workflowId, '--summary', 'Good.', '--commit', 'f'.repeat(40)];
    expect(await product.heph(...wrong, '--json')).toMatchObject({
      lines: [{ error: { code: 'result.not_on_branch' } }],
    });
    expect(await product.heph('result', 'submit', report.workflowId, '--summary', 'Good enough.')).toMatchObject({
      code: 0,
    });
    expect(await product.heph('follow', report.workflowId)).toMatchObject({ code: 0 });
    expect(await git(repository, 'show', 'main:docs/notes.md')).toBe('What it does.');
    expect(await server.stop()).toBe(0);
  });
});
