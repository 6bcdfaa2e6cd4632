import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lives } from '../support/agent-world.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { type PtyScreen, startOnPty } from '../support/pty-screen.ts';
import { makeRepository, SMALL_REPOSITORY } from '../support/repositories.ts';
import { AS_TOLD, type ToldAgent, type ToldAgents, toldAgents } from '../support/told-agent.ts';

const packed = process.env.HEPH_TEST_PACKED;
const CLI = packed
  ? join(packed, 'dist', 'cli.mjs')
  : fileURLToPath(new URL('../../src/programs/cli.ts', import.meta.url));
const DETACH = '\u001d';

let product: Product;
let server: Up;
let told: ToldAgents;
let agent: ToldAgent;
const screens: PtyScreen[] = [];

beforeEach(async () => {
  told = await toldAgents();
  product = createProduct({ agents: { told: told.preset } });
  server = await product.up();
  product.define('as-told', AS_TOLD);
  const repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
  const input = { workflow: 'as-told', repository, goal: 'Wait', agent: 'told', check: 'true' };
  await product.operator.command('start_workflow', input);
  agent = await told.next();
});
afterEach(async () => {
  for (const { pty, ended } of screens.splice(0)) {
    pty.kill('SIGKILL');
    await ended;
  }
  told.close();
  await product.end();
});

function attach(): PtyScreen {
  const env = { PATH: process.env.PATH ?? '', HOME: product.root, TERM: 'xterm-256color' };
  const argv = [process.execPath, CLI, '--data', product.data, 'agent', 'attach', agent.agentId];
  const screen = startOnPty(argv, { env, columns: 100, rows: 24 });
  screens.push(screen);
  return screen;
}

describe('heph agent attach', () => {
  it('shows what is printed and types what is typed, also behind a server that was killed, and leaves the agent alone', async () => {
    await agent.print('before anybody looked\n');
    const first = attach();
    await first.shows('before anybody looked');
    await agent.print('and then\n');
    await first.shows('and then');
    first.type('yes\r');
    await agent.untilTyped('yes');
    await server.kill();
    await first.shows('connecting again');
    await agent.print('while nobody served\n');
    await first.shows('while nobody served');
    await first.shows('connected again');
    expect(first.raw().match(/and then/g)).toHaveLength(1);
    first.type(DETACH);
    expect(await first.ended).toBe(0);
    expect(lives(agent.pid)).toBe(true);
    expect(agent.typed().includes(DETACH)).toBe(false);

    const second = attach();
    for (const said of ['before anybody looked', 'and then', 'while nobody served']) await second.shows(said);
    await agent.finish();
    expect(await second.ended).toBe(0);
    expect(second.raw()).toContain('Detached from');
  });
});

describe('heph logs --follow', () => {
  it('prints an agent’s terminal as plain text until it ends', async () => {
    await agent.print('one \u001b[31mred\u001b[0m\u001b]0;owned\u0007\n');
    const logs = spawn(process.execPath, [CLI, '--data', product.data, 'logs', agent.agentId, '--follow']);
    let out = '';
    const first = Promise.withResolvers<void>();
    logs.stdout.on('data', (data) => {
      out += String(data);
      if (out.includes('one red')) first.resolve();
    });
    const ended = new Promise((resolve) => logs.on('exit', resolve));
    await first.promise;
    await agent.print('two\n');
    await agent.finish();
    expect(await ended).toBe(0);
    expect(out).toContain('one red\ntwo\n');
    // oxlint-disable-next-line no-control-regex
    expect(out).not.toMatch(/[\u001b\u0007]|owned/);
  });
});
