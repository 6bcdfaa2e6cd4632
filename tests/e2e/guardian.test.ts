import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeAgent, lives, until } from '../support/agent-world.ts';
import type { Told } from '../support/operator.ts';
import { createProduct, type Product } from '../support/product.ts';
import { makeRepository } from '../support/repositories.ts';

const LIBRARY = fileURLToPath(new URL('../../demo/repository', import.meta.url));
const INTERVAL_MS = 1_000;
const STOP_AFTER_MS = 2_000;
let product: Product;
let repository: string;

beforeEach(async () => {
  product = createProduct({
    agents: { silent: { argv: [fakeAgent('silent')] } },
    settings: {
      HEPH_GUARDIAN_INTERVAL_MS: String(INTERVAL_MS),
      HEPH_GUARDIAN_STOP_AFTER_MS: String(STOP_AFTER_MS),
      HEPH_LIMITS_AGENT_SILENCE_MS: '1000',
      HEPH_LIMITS_ATTEMPTS_MAX: '1',
    },
  });
  repository = join(product.root, 'repository');
  cpSync(LIBRARY, repository, { recursive: true });
  await makeRepository(repository, {});
});
afterEach(async () => {
  expect(await product.end()).toEqual([]);
});

const ofType = (events: readonly Told[], type: string) => events.filter((event) => event.type === type);

it('warns of an agent that hangs, and the server after the one that was killed stops it, once', async () => {
  let server = await product.up();
  const { position } = await product.operator.command('start_workflow', {
    ...{ workflow: 'bugfix', repository, goal: 'Make the tests pass', agent: 'silent' },
  });
  const started = await product.operator.until(['AgentStarted'], position);
  const { pid } = started.data as { pid: number };
  // Of one whose processes are measured to do nothing it is said what will follow.
  const stopping = (event: Told) => event.data.warning === 'silence' && event.data.stopAfterMs === STOP_AFTER_MS;
  await product.operator.until(['WarningRaised'], position, stopping);
  await server.kill();
  expect(lives(pid)).toBe(true);
  server = await product.up();
  const upAt = Date.now();

  const exit = await product.operator.until(['AgentExited'], position);
  await until(() => !lives(pid));
  const events = await product.operator.events();
  const [decided] = ofType(events, 'StopDecided');
  expect(decided?.at).toBeGreaterThanOrEqual(upAt - INTERVAL_MS);
  for (const type of ['StopDecided', 'StopRequested']) expect(ofType(events, type)).toHaveLength(1);
  expect(exit.data.how).toBe('stopped');

  const agentId = started.stream.slice('agent-'.length);
  const { rows } = await product.operator.query<{ rows: Record<string, { series: [number, number | null][] }> }>(
    'get_coherence',
    { agentId },
  );
  expect(rows[agentId]).toMatchObject({
    living: false,
    warnings: [{ warning: 'silence', followed: { what: 'stop_decided' } }],
  });
  // The time without a server is a gap.
  const values = rows[agentId]?.series.map(([, value]) => value) ?? [];
  expect(values.indexOf(null)).toBeGreaterThan(0);
  expect(values.at(-1)).not.toBeNull();
  await server.stop();
});
