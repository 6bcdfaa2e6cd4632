import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHORES } from '../support/chores.ts';
import { VIEWS as ALL_VIEWS } from '../../src/projections/index.ts';
import { damageIn, eventsIn } from '../support/exported.ts';
import { type Acknowledged, gapsIn, missingFrom } from '../support/ledger.ts';
import { createProduct, type Product } from '../support/product.ts';
import { makeRepository, SMALL_REPOSITORY } from '../support/repositories.ts';

/** P15: backups made while the server works, and what becomes of them. */
const BACKUPS = 3;
const VIEWS = ALL_VIEWS.map(({ name }) => name);

let product: Product;
const restored: Product[] = [];
beforeAll(() => {
  product = createProduct({ settings: { HEPH_FLEET_CAP: '4' } });
});
afterAll(async () => {
  for (const one of [product, ...restored]) expect(await one.end()).toEqual([]);
});

interface Report {
  directory: string;
  position: string;
  views: string[];
}

describe('a backup of a server that works', () => {
  it('restores to the log as it was at the position that it names, with the same views and other tokens', async () => {
    const server = await product.up();
    product.define('chores', CHORES);
    const repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
    const input = { workflow: 'chores', repository, goal: 'Do the chores', agent: 'noop', check: 'true' };
    await product.operator.command('start_workflow', input);

    const load = sendUntilStopped();
    const backups: Report[] = [];
    for (let n = 0; n < BACKUPS; n++) {
      const { code, lines, stderr } = await product.heph('backup', join(product.root, `backup-${n}`), '--json');
      expect(code, stderr).toBe(0);
      backups.push(lines[0] as unknown as Report);
    }
    const acknowledged = await load.stop();
    // It was made under load: commands were acknowledged between the first and the last.
    const [first, last] = [backups[0], backups.at(-1)].map((one) => Number(one?.position)) as [number, number];
    expect(
      acknowledged.filter(({ position }) => Number(position) > first && Number(position) <= last).length,
    ).toBeGreaterThan(10);
    await product.operator.until(['WorkflowCompleted']);
    const original = await eventsIn(product.data);

    for (const { directory, position } of backups) {
      const copy = createProduct();
      restored.push(copy);
      const { code, lines, stderr } = await copy.heph('restore', directory, '--json');
      expect(code, stderr).toBe(0);
      expect(lines[0]).toMatchObject({ type: 'restored', position, views: VIEWS });

      const events = await eventsIn(copy.data);
      expect(events).toEqual(original.slice(0, Number(position)));
      const before = acknowledged.filter((one) => Number(one.position) <= Number(position));
      expect([...(await damageIn(copy.data)), ...gapsIn(events), ...missingFrom(events, before)]).toEqual([]);
    }

    const copy = restored.at(-1) as Product;
    const at = backups.at(-1)?.position as string;
    const successor = await copy.up();
    expect(await viewsOf(copy, at)).toEqual(await viewsOf(product, at));
    const old = tokenOf(product.data);
    expect(tokenOf(copy.data)).not.toBe(old);
    expect((await copy.operator.ask('/api/queries/health_check', {}, { authorization: `Bearer ${old}` })).status).toBe(
      401,
    );
    for (const { directory } of backups) expect(filesWith(directory, old)).toEqual([]);
    // What the search would find, if there were something to find.
    expect(filesWith(product.data, old).map((path) => path.slice(product.data.length + 1))).toEqual(['operator.token']);
    expect([await successor.stop(), await server.stop()]).toEqual([0, 0]);
    console.log(
      `backup: ${BACKUPS} under load, at ${backups.map((one) => one.position).join(', ')} of ${original.length}`,
    );
  });
});

/** Commands without a pause, and what was acknowledged. */
function sendUntilStopped(): { stop(): Promise<Acknowledged[]> } {
  const acknowledged: Acknowledged[] = [];
  let stopped = false;
  const sending = (async () => {
    for (let n = 0; !stopped; n++) {
      const changes = { 'server.idleExitMs': 60_000 + n };
      acknowledged.push(await product.operator.command('set_config', { changes }, `load-${n}`));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await sending;
      return acknowledged;
    },
  };
}

async function viewsOf(of: Product, at: string): Promise<unknown[]> {
  // Those of one best-of-N and of one task are asked for by its id.
  const asked = VIEWS.filter((view) => view !== 'best-of-n' && view !== 'task');
  return Promise.all(asked.map((view) => of.operator.query('get_view', { view, at })));
}

const tokenOf = (data: string) => readFileSync(join(data, 'operator.token'), 'utf8').trim();

function filesWith(directory: string, secret: string): string[] {
  return (readdirSync(directory, { recursive: true }) as string[])
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() && readFileSync(path).includes(secret));
}
