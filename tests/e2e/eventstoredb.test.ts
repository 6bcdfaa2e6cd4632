import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { urlOf } from '../support/esdb-contract.ts';
import { type EsdbServer, startEsdbServer } from '../support/esdb-server/server.ts';
import { createOperator, type Told } from '../support/operator.ts';
import { createProduct, type Product } from '../support/product.ts';
import { git, makeRepository } from '../support/repositories.ts';

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

const LIBRARY = fileURLToPath(new URL('../../demo/repository', import.meta.url));

describe('two servers on one EventStoreDB', () => {
  it('bring the main job to its end, the idle one and then the working one killed in the middle', async () => {
    const settings = { HEPH_STORE: urlOf('eventstore', esdb.port), HEPH_SERVER_LEASE_MS: '1500' };
    const company = createProduct({ settings });
    try {
      const repository = join(company.root, 'repository');
      cpSync(LIBRARY, repository, { recursive: true });
      await makeRepository(repository, {});
      const other = join(company.root, 'other');
      const [a, b] = [await company.up(), await company.up('--data', other)];
      const { id } = await company.operator.command('start_workflow', {
        ...{ workflow: 'bugfix', repository, goal: 'Make the tests pass' },
      });
      const begun = await company.operator.until(['AgentStarted']);
      await b.kill();
      const again = await company.up('--data', other);
      await company.operator.until(['AgentStarted'], begun.position);
      await a.kill();

      const heir = createOperator(other);
      const end = await heir.until(['WorkflowCompleted', 'WorkflowFailed']);
      expect(end).toMatchObject({ type: 'WorkflowCompleted', data: { delivery: { base: 'moved' } } });
      const told = await heir.events();
      const count = (type: string) => told.filter((event) => event.type === type).length;
      expect(count('WorkflowAdopted')).toBe(1);
      const [adopted] = told.filter(({ type }) => type === 'WorkflowAdopted');
      const requested = told.filter(({ type }) => type === 'AgentRequested');
      expect(new Set(requested.map(({ data }) => data.runnerId))).toEqual(
        new Set([adopted?.data.from, adopted?.data.runnerId]),
      );
      expect(new Set(requested.map(({ stream }) => stream)).size).toBe(requested.length);
      expect(count('TaskMerged')).toBe(3);
      const landed = told.filter(({ type, data }) => type === 'CandidateLanded' && data.candidateId === `${id}-base`);
      expect(landed.length).toBe(1);
      expect(await git(repository, 'rev-parse', 'main')).toBe(landed[0]?.data.commit);
      expect(await git(repository, 'status', '--porcelain')).toBe('');
      expect(await again.stop()).toBe(0);
      expect(company.kills).toBe(2);
    } finally {
      expect(await company.end()).toEqual([]);
    }
  });
});

/** The rows, but for how long ago things were. */
function rowsOf(printed: string): unknown {
  const view = JSON.parse(printed, (key, value) => (key === 'ageMs' ? undefined : value)) as { rows: unknown };
  return view.rows;
}
