import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { expect, test } from 'vitest';
import type { EventStore, StoredEvent } from '../store/event-store.ts';
import { createCompany, LEASE_MS } from '../../tests/support/servers.ts';

const GOAL = 'Mend test/one.test.js > one and test/two.test.js > two';
const BEST = { n: 2, repository: '/repo', goal: GOAL, agents: ['repair'], score: 'tests=1,time=1' };
const PATIENCE_MS = 120_000;

async function eventsOf(store: EventStore, type?: string): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for await (const event of store.readAll()) if (!type || event.type === type) found.push(event);
  return found;
}

/** A best-of-N whose server is killed when the log has grown by so many events; null: it never has. */
async function contestWithKill(at: number | null) {
  const company = createCompany();
  const a = await company.start('rnr_a');
  await company.start('rnr_b');
  const begun = await company.store.head();
  const seen = (async () => {
    for await (const item of company.store.subscribe())
      if (item.kind === 'events' && item.events.some(({ position }) => position >= begun + BigInt(at ?? 1))) return;
  })();
  await a.operator('start_best_of_n', BEST);
  await seen;
  if (at !== null) await company.kill('rnr_a');
  await company.until('WorkflowCompleted');
  await company.until('BestOfNCompleted');
  await company.pass(2 * LEASE_MS);
  const { store, machine } = company;
  const started = machine.calls.filter((call) => call.startsWith('startAgent'));
  strictEqual(new Set(started).size, started.length, `killed after event ${at}: an agent was started twice`);
  strictEqual((await eventsOf(store, 'TaskMerged')).length, 1, `killed after event ${at}`);
  strictEqual((await eventsOf(store, 'BuildEnded')).length, 2, `killed after event ${at}`);
  strictEqual((await eventsOf(store, 'WinnerSelected')).length, 1, `killed after event ${at}`);
  deepStrictEqual(machine.userBase(), [], `killed after event ${at}`);
  const adopted = (await eventsOf(store, 'WorkflowAdopted')).length;
  for (const runnerId of [...company.servers.keys()]) await company.kill(runnerId);
  return { length: Number((await store.head()) - begun), adopted };
}

test('a best-of-N is one server’s work, and that of the other when its server is killed', {
  timeout: PATIENCE_MS,
}, async () => {
  const whole = await contestWithKill(null);
  expect(whole.adopted).toBe(0);
  let adopted = 0;
  for (let at = 1; at < whole.length; at += 4) adopted += (await contestWithKill(at)).adopted;
  ok(adopted > whole.length / 8, `${adopted} were taken over`);
});
