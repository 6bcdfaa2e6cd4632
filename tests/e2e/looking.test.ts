import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { makeRepository, SMALL_REPOSITORY } from '../support/repositories.ts';
import { AS_TOLD, type ToldAgent, type ToldAgents, toldAgents } from '../support/told-agent.ts';

interface Diff {
  live: boolean;
  reason: string | null;
  from: { kind: string } | null;
  to: { kind: string; turn: number | null } | null;
  files: { path: string; additions: number; patch: string | null }[];
  position: string;
}

describe('who looks at work', () => {
  let product: Product;
  let server: Up;
  let told: ToldAgents;
  let agent: ToldAgent;
  beforeEach(async () => {
    told = await toldAgents();
    product = createProduct({ agents: { told: told.preset } });
    server = await product.up();
    product.define('as-told', AS_TOLD);
    const repository = await makeRepository(join(product.root, 'small'), SMALL_REPOSITORY);
    const run = { workflow: 'as-told', repository, goal: 'Do as told', agent: 'told', check: 'true' };
    const { position } = await product.operator.command('start_workflow', run);
    agent = await told.next();
    await product.operator.until(['TaskStarted'], position);
  });
  afterEach(async () => {
    told.close();
    await product.end();
  });

  const diff = (more: object = {}) => product.operator.query<Diff>('get_task_diff', { taskId: agent.taskId, ...more });
  const paths = ({ files }: Diff) => files.map(({ path }) => path);

  it('sees what an agent changes while it works, over a server that is killed, and what it left in the end', async () => {
    expect(await diff()).toMatchObject({ live: true, files: [], reason: 'Nothing differs.' });
    await agent.write({ 'new file.txt': 'one\n\u001b[31mtwo\n' });
    expect(await diff()).toMatchObject({
      ...{ live: true, from: { kind: 'base' }, to: { kind: 'worktree', turn: 1 }, reason: null },
      files: [{ path: 'new file.txt', status: 'added', additions: 2 }],
    });
    await server.kill();
    server = await product.up();
    await agent.git('add', '.');
    await agent.git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-qm', 'mine');
    await agent.write({ 'other.txt': 'three\n' });
    expect(paths(await diff())).toEqual(['new file.txt', 'other.txt']);
    const { position } = await diff();

    await agent.finish();
    await product.operator.until(['WorkflowCompleted', 'WorkflowFailed']);
    const kept = await diff();
    expect(kept).toMatchObject({ live: false, to: { kind: 'turn', turn: 1 } });
    expect(paths(kept)).toEqual(['new file.txt', 'other.txt']);
    expect(await diff({ at: position })).toMatchObject({ files: [], reason: expect.stringContaining('not recorded') });

    const printed = await product.heph('diff', agent.taskId);
    expect([printed.code, printed.stderr]).toEqual([0, '']);
    expect(printed.stdout).toContain('+three\n');
    expect(printed.stdout).toContain('+two\n');
    expect(printed.stdout).not.toContain('\u001b');
  });

  it('is told what came of what, what was used and what was checked', async () => {
    await agent.speak('report_usage', { inputTokens: 1200, outputTokens: 30, costUsd: 0.5 });
    await agent.write({ 'a.txt': 'one\n' });
    await agent.finish();
    const end = await product.operator.until(['WorkflowCompleted', 'WorkflowFailed']);

    const why = await product.operator.query<{ chain: { type: string; link: string }[]; cut: null }>('explain', {
      of: agent.taskId,
    });
    expect(why.chain[0]).toMatchObject({ type: 'WorkflowStarted', link: 'root', command: 'start_workflow' });
    expect(why.chain.slice(1).every(({ link }) => link !== 'root')).toBe(true);
    expect(why).toMatchObject({ cut: null, of: { type: 'TaskMerged' } });
    const said = await product.heph('why', agent.taskId);
    expect(said.stdout).toMatch(/^TaskMerged at \d+: done\n\n● {2}\S+ operator: /);

    const costs = await product.heph('cost', '--by', 'agent');
    expect(costs.stdout).toMatch(/told +1\.2 k +30 +\$0\.5/);
    const checks = await product.operator.query<{
      rows: Record<string, { kind: string; evidence: { eventId: string } }>;
    }>('get_checks', { workflowId: end.meta.scope?.workflowId });
    const merge = Object.values(checks.rows).find(({ kind }) => kind === 'merge');
    expect(merge).toMatchObject({ verdict: 'passed' });
    const shown = await product.heph('checks', 'show', merge?.evidence.eventId ?? '');
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('true passed')]);
  });
});
