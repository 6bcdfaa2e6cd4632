import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { VIEWS } from '../../src/projections/index.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { makeRepository, SMALL_REPOSITORY } from '../support/repositories.ts';
import { openSocket } from '../support/stream-socket.ts';
import { AS_TOLD, type ToldAgent, type ToldAgents, toldAgents } from '../support/told-agent.ts';

/** Threat 26 over `/api/stream`: what an agent knows and gives away is in no event, no view and no terminal. */
const OF_THE_SERVER = 'correct-horse-battery-staple';
const BY_THEIR_SHAPE = [`ghp_${'a1B2'.repeat(9)}`, `AKIA${'ABCD'.repeat(4)}`, `npm_${'x9'.repeat(18)}`];

let product: Product;
let server: Up;
let told: ToldAgents;
let token: string;
beforeEach(async () => {
  told = await toldAgents();
  product = createProduct({ settings: { OUR_API_TOKEN: OF_THE_SERVER }, agents: { told: told.preset } });
  server = await product.up();
  token = readFileSync(join(product.data, 'operator.token'), 'utf8').trim();
});
afterEach(async () => {
  told.close();
  expect(await product.end()).toEqual([]);
});

/** Says every secret wherever it may say anything: at once, cut in two, and in another form. */
async function giveAway(agent: ToldAgent, secrets: readonly string[]): Promise<void> {
  for (const secret of secrets) {
    const half = Math.floor(secret.length / 2);
    await agent.print(`whole ${secret}\r\n`);
    await agent.print(`cut ${secret.slice(0, half)}`);
    await agent.print(`${secret.slice(half)}\r\n`);
    await agent.print(`\u001b[31mcoloured ${secret}\u001b[0m\r\n`);
    await agent.speak('report_progress', { message: `I have ${secret}`, fraction: 0.5 });
    await agent.speak('create_task', {
      phase: 'work',
      title: `Use ${secret}`,
      description: secret,
      inputs: { secret },
    });
  }
  const encoded = Buffer.from(OF_THE_SERVER).toString('base64');
  await agent.print(`encoded ${encoded} ${encodeURIComponent(OF_THE_SERVER)}\r\n`);
  await agent.print('that was all\r\n');
}

it('no secret that an agent gives away is told over the stream', async () => {
  product.define('as-told', AS_TOLD);
  const repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
  const secrets = [OF_THE_SERVER, token, ...BY_THEIR_SHAPE];
  const viewer = await openSocket({ url: server.url, headers: { authorization: `Bearer ${token}` } });
  viewer.send({ type: 'subscribe_events', id: 'live', after: 'now' });
  await viewer.next('caught_up');
  const input = { workflow: 'as-told', repository, goal: `Log in with ${BY_THEIR_SHAPE[0]}`, agent: 'told' };
  const { id: workflowId } = await product.operator.command('start_workflow', { ...input, check: 'true' });
  const agent = await told.next();
  viewer.send({ type: 'subscribe_terminal', id: 'terminal', agentId: agent.agentId });
  const own = readFileSync(join(product.data, 'holders', agent.agentId, 'token'), 'utf8').trim();
  await giveAway(agent, [...secrets, own]);
  await viewer.until(() => Buffer.concat(viewer.binary).includes('that was all'));

  viewer.send({ type: 'subscribe_events', id: 'all', after: 'start' });
  await viewer.next('caught_up', ({ id }) => id === 'all');
  const params: Record<string, Record<string, unknown>> = { workflow: { workflowId }, task: { taskId: agent.taskId } };
  for (const { name } of VIEWS)
    viewer.send({ type: 'subscribe_view', id: name, view: name, params: params[name] ?? {} });
  const answered = ({ type, id }: { type: string; id?: unknown }, name: string) =>
    id === name && (type === 'snapshot' || type === 'error' || type === 'unsubscribed');
  await viewer.until(() => VIEWS.every(({ name }) => viewer.all.some((message) => answered(message as never, name))));
  const shown = viewer.all.flatMap((message) => (message.type === 'snapshot' ? [message.id] : []));
  // There is no best-of-N here.
  expect(VIEWS.map(({ name }) => name).filter((name) => !shown.includes(name))).toEqual(['best-of-n']);

  const said = `${JSON.stringify(viewer.all)}${Buffer.concat(viewer.binary)}`;
  expect(said).toContain('I have ');
  expect(said).toContain('cut ');
  const forms = [...secrets, own, Buffer.from(OF_THE_SERVER).toString('base64')];
  expect(forms.filter((form) => said.includes(form))).toEqual([]);
  await viewer.close();
  await product.operator.command('cancel_workflow', { workflowId });
  await product.operator.until(['AgentExited']);
  await server.stop();
});
