import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { urlOf } from '../support/esdb-contract.ts';
import { type EsdbServer, startEsdbServer } from '../support/esdb-server/server.ts';
import type { Told } from '../support/operator.ts';
import { createProduct, type Product } from '../support/product.ts';

let product: Product;
let esdb: EsdbServer;
beforeEach(async () => {
  product = createProduct();
  esdb = await startEsdbServer({ client: 'eventstore' });
});
afterEach(async () => {
  expect(await product.end()).toEqual([]);
  await esdb.close();
});

describe('heph on an EventStoreDB', () => {
  it('repairs the demo’s repository, and finds the whole story again in the store alone', async () => {
    const HEPH_STORE = urlOf('eventstore', esdb.port);
    const ran = await product.run(['demo', '--json'], { HEPH_STORE });
    const report = ran.lines.at(-1) as unknown as { outcome: string; data: string; claims: { true: boolean }[] };
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    expect(report.outcome).toBe('completed');
    expect(report.claims.filter((claim) => !claim.true)).toEqual([]);
    expect(esdb.log.events.filter(({ stream }) => stream.startsWith('heph.task-')).length).toBeGreaterThan(20);

    const here = ['--json', '--data', report.data];
    const events = await product.run(['events', ...here], { HEPH_STORE });
    const told = events.lines as unknown as Told[];
    expect(told.filter(({ type }) => type === 'WorkflowCompleted')).toHaveLength(1);
    const before = await product.run(['view', 'workflow', ...here], { HEPH_STORE });
    await product.run(['down', '--data', report.data]);
    rmSync(join(report.data, 'cache.db'));
    const after = await product.run(['events', ...here], { HEPH_STORE });
    expect(after.lines.slice(0, told.length)).toEqual(told);
    const again = await product.run(['view', 'workflow', ...here], { HEPH_STORE });
    expect(before.code, before.stderr).toBe(0);
    expect(rowsOf(again.stdout)).toEqual(rowsOf(before.stdout));
    await product.run(['down', '--data', report.data]);

    // Without the store's name the directory would get a second truth.
    const astray = await product.run(['events', ...here]);
    expect(astray.code).not.toBe(0);
    expect(astray.stderr + astray.stdout).toContain('data.other_store');
  });

  it('refuses a password on the command line, a store that nobody knows, and one that is a log of its own already', async () => {
    const password = await product.heph('up', '--no-open', '--json', '--store', 'esdb://admin:secret@127.0.0.1:1');
    expect(password.stdout + password.stderr).toContain('store.bad_url');
    expect(password.stdout + password.stderr).not.toContain('secret');
    const unknown = await product.heph('up', '--no-open', '--json', '--store', 'ftp://127.0.0.1');
    expect(unknown.stdout + unknown.stderr).toContain('server.unknown_store');
    const embedded = await product.up();
    expect(await embedded.stop()).toBe(0);
    const moved = await product.heph('up', '--no-open', '--json', '--store', urlOf('eventstore', esdb.port));
    expect(moved.stdout + moved.stderr).toContain('data.other_store');
  });
});

/** The rows, but for how long ago things were. */
function rowsOf(printed: string): unknown {
  const view = JSON.parse(printed, (key, value) => (key === 'ageMs' ? undefined : value)) as { rows: unknown };
  return view.rows;
}
