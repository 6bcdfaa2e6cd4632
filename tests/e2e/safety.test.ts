import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lives, until } from '../support/agent-world.ts';
import { CHORES } from '../support/chores.ts';
import { agentProcessesOf } from '../support/leftovers.ts';
import { createOperator, type Told } from '../support/operator.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { makeRepository, SMALL_REPOSITORY, stateOf } from '../support/repositories.ts';

// It neither reports nor ends.
const WAITING = { argv: ['sleep', '3600'] };

let product: Product;
let repository: string;
let server: Up;

beforeEach(async () => {
  product = createProduct({ agents: { waiting: WAITING }, settings: { HEPH_SERVER_IDLE_EXIT_MS: '1000' } });
  repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
});
afterEach(async () => {
  expect(await product.end()).toEqual([]);
});

async function started(agent: string): Promise<{ workflowId: string; agent: Told }> {
  const input = { workflow: 'chores', repository, goal: 'Do the chores', check: 'true', agent };
  const { id: workflowId, position } = await product.operator.command('start_workflow', input);
  return { workflowId, agent: await product.operator.until(['AgentStarted'], String(Number(position) - 1)) };
}

const pidOf = (agent: Told) => agent.data.pid as number;
const agentIdOf = (agent: Told) => agent.stream.slice('agent-'.length);
const stopEverything = async () => {
  const { position } = await product.operator.command('stop_all', { reason: 'the test is over' });
  await until(() => agentProcessesOf(product.root, server.pid).length === 0);
  return position;
};

describe('the fleet', () => {
  beforeEach(async () => {
    server = await product.up();
    product.define('chores', CHORES);
  });

  it('that is paused starts no agent, also after a crash, until it is resumed', async () => {
    const first = await started('waiting');
    await product.operator.command('pause_fleet', { reason: 'quota is short' });
    const input = { workflow: 'chores', repository, goal: 'More chores', check: 'true', agent: 'noop' };
    const second = await product.operator.command('start_workflow', input);
    const ofSecond = (event: Told) => event.meta.scope?.workflowId === second.id;
    await product.operator.until(['TaskQueued'], '0', ofSecond);
    await server.kill();
    expect(lives(pidOf(first.agent))).toBe(true);

    server = await product.up();
    const queue = await product.operator.query<{
      rows: Record<string, { workflowId: string; reasons: { code: string }[] }>;
    }>('get_queue');
    const waiting = Object.values(queue.rows).filter((row) => row.workflowId === second.id);
    expect(waiting.map((row) => row.reasons.map(({ code }) => code))).toEqual([['fleet_paused']]);
    expect((await product.operator.events({ types: ['SlotGranted'] })).filter(ofSecond)).toEqual([]);
    // The one that worked already works on.
    expect(lives(pidOf(first.agent))).toBe(true);

    await product.operator.command('resume_fleet', {});
    expect(await product.operator.until(['WorkflowCompleted', 'WorkflowFailed'], '0', ofSecond)).toMatchObject({
      type: 'WorkflowCompleted',
    });
    await stopEverything();
    await server.stop();
  });

  it('that is stopped has no living agent, also when the server died of it, and starts none', async () => {
    const { agent } = await started('waiting');
    const asked = product.operator.command('stop_all', { reason: 'something is wrong' });
    await asked;
    await server.kill();
    server = await product.up();
    await product.operator.until(['AgentExited', 'AgentLost'], '0', (event) => event.stream === agent.stream);
    await until(() => !lives(pidOf(agent)));

    const { position, id } = await product.operator.command('start_workflow', {
      ...{ workflow: 'chores', repository, goal: 'Chores again', check: 'true', agent: 'noop' },
    });
    await product.operator.until(['TaskQueued'], position, (event) => event.meta.scope?.workflowId === id);
    const queue = await product.operator.query<{
      rows: Record<string, { workflowId: string; reasons: { code: string }[] }>;
    }>('get_queue');
    expect(Object.values(queue.rows).flatMap((row) => row.reasons.map(({ code }) => code))).toContain('fleet_stopped');
    expect(await product.operator.events({ types: ['SlotGranted'], after: position })).toEqual([]);
    await server.stop();
  });

  it('gives an agent a token for its own task only, and none after its end', async () => {
    const one = await started('waiting');
    const other = await started('waiting');
    const agentId = agentIdOf(one.agent);
    const tokenFile = join(product.data, 'holders', agentId, 'token');
    expect(existsSync(tokenFile)).toBe(true);
    const agent = createOperator(product.data, () => readFileSync(tokenFile, 'utf8').trim());
    const token = readFileSync(tokenFile, 'utf8').trim();
    const taskOf = (event: Told) => event.meta.scope?.taskId as string;

    const before = await stateOf(repository);
    const progress = { message: 'half', fraction: 0.5 };
    await agent.command('report_progress', { taskId: taskOf(one.agent), ...progress });
    expect(await agent.refused('report_progress', { taskId: taskOf(other.agent), ...progress })).toMatchObject({
      status: 403,
      code: 'auth.not_yours',
    });
    expect(await agent.refused('stop_all', {})).toMatchObject({ status: 403, code: 'auth.role' });
    expect(
      await agent.refused('report_progress', {
        taskId: taskOf(one.agent),
        agentId: agentIdOf(other.agent),
        ...progress,
      }),
    ).toMatchObject({ status: 403, code: 'auth.impersonation' });
    const denials = await product.operator.events({ types: ['AccessDenied'] });
    expect(denials.map((event) => [event.stream, event.data.code])).toEqual([
      [one.agent.stream, 'auth.not_yours'],
      [one.agent.stream, 'auth.role'],
      [one.agent.stream, 'auth.impersonation'],
    ]);
    expect((await product.operator.events({ types: ['TaskProgressed'] })).map((event) => event.stream)).toEqual([
      `task-${taskOf(one.agent)}`,
    ]);
    expect(await stateOf(repository)).toBe(before);

    await product.operator.command('stop_agent', { agentId });
    await product.operator.until(['AgentExited'], '0', (event) => event.stream === one.agent.stream);
    const late = createOperator(product.data, () => token);
    expect(await late.refused('report_progress', { taskId: taskOf(one.agent), ...progress })).toMatchObject({
      status: 401,
      code: 'auth.unknown_token',
    });
    await stopEverything();
    await server.stop();
  });
});

describe('a server that a verb has started', () => {
  it('ends by itself when nothing is left to do, and its log opens without repair', async () => {
    const asked = await product.heph('events', '--json');
    expect(asked.code, asked.stderr).toBe(0);
    const pid = (JSON.parse(readFileSync(join(product.data, 'server.json'), 'utf8')) as { pid: number }).pid;
    expect(lives(pid)).toBe(true);
    await until(() => !lives(pid));
    expect(existsSync(join(product.data, 'server.json'))).toBe(false);
    expect(await product.heph('log', 'verify', '--json')).toMatchObject({ code: 0, lines: [{ ok: true }] });
  });
});
