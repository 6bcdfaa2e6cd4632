import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { makeRepository, SMALL_REPOSITORY } from '../support/repositories.ts';
import { AS_TOLD, type ToldAgent, type ToldAgents, toldAgents } from '../support/told-agent.ts';

const KILLS = 4;

describe('what a person says to an agent', () => {
  let product: Product;
  let server: Up;
  let told: ToldAgents;
  beforeEach(async () => {
    told = await toldAgents();
    const takes = { messages: 'line', interrupt: 'ctrl_c' };
    product = createProduct({ agents: { listens: { ...told.preset, takes }, deaf: told.preset } });
    server = await product.up();
    product.define('as-told', AS_TOLD);
  });
  afterEach(async () => {
    told.close();
    await product.end();
  });

  async function start(agent: string): Promise<ToldAgent> {
    const repository = await makeRepository(join(product.root, agent), SMALL_REPOSITORY);
    const run = { workflow: 'as-told', repository, goal: 'Listen', agent, check: 'true' };
    const { position } = await product.operator.command('start_workflow', run);
    const come = await told.next();
    await product.operator.until(['TaskStarted'], position);
    return come;
  }
  const times = (agent: ToldAgent, text: string) => agent.typed().toString().split(text).length - 1;

  it('is typed into its terminal, without what could press a key', async () => {
    const agent = await start('listens');
    const said = await product.heph('agent', 'message', agent.agentId, 'look at\nthe \u001b[31mparser\u0003');
    expect([said.code, said.stderr]).toEqual([0, '']);
    await agent.untilTyped('look at the parser\r');
    const { data } = await product.operator.until(['MessageDelivered']);
    expect(data.effect).toMatch(/^(output|nothing)$/);
    expect((await product.heph('agent', 'interrupt', agent.agentId)).code).toBe(0);
    await agent.untilTyped('\u0003');
    await product.operator.until(['InterruptDelivered']);
  });

  it('is typed once, whenever the server is killed', async () => {
    const agent = await start('listens');
    const texts = Array.from({ length: KILLS }, (_, n) => `message number ${n};`);
    for (const text of texts) {
      const { position } = await product.operator.command('message_agent', { agentId: agent.agentId, text });
      // Somewhere between what was said and what became of it: at once, or when it stands in the terminal.
      if (texts.indexOf(text) % 2 === 1) await agent.untilTyped(text);
      await server.kill();
      server = await product.up();
      const { data } = await product.operator.until(['MessageDelivered', 'MessageUndelivered'], position);
      expect(data.effect).toBeDefined();
      expect(times(agent, text)).toBe(1);
    }
    expect(texts.map((text) => times(agent, text))).toEqual(texts.map(() => 1));
    expect(product.kills).toBe(KILLS);
  });

  it('is refused where nobody reads, and left for the next attempt', async () => {
    const agent = await start('deaf');
    const refused = await product.heph('agent', 'message', agent.agentId, 'the test is wrong');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(`heph task message ${agent.taskId}`);
    expect((await product.heph('task', 'message', agent.taskId, 'the test is wrong')).code).toBe(0);
    expect((await product.heph('agent', 'stop', agent.agentId)).code).toBe(0);
    expect((await told.next()).prompt).toContain('the test is wrong');
  });

  it('waits in the inbox when it failed for good, until somebody puts it aside', async () => {
    const agent = await start('deaf');
    await agent.speak('update_task_status', { status: 'failed', reason: 'It cannot be done.' });
    await agent.exit(1);
    await product.operator.until(['WorkflowFailed']);
    const inbox = await product.heph('inbox');
    expect(inbox.stdout).toContain('Run failed: Listen');
    const [matterId = ''] = /run_failed:evt_\w+/.exec(inbox.stdout) ?? [];
    expect((await product.heph('inbox', 'dismiss', `${matterId}0`)).stderr).toContain('inbox.no_such_matter');
    expect((await product.heph('inbox', 'dismiss', matterId)).code).toBe(0);
    expect((await product.heph('inbox')).stdout).toBe('Nothing waits for you.\n');
  });
});
