import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { manualClock } from '../../src/processes/test-support.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import { openSqliteStore } from '../../src/store/adapters/sqlite.ts';
import { persistentSubscriptionsContract } from './persistent-subscriptions.contract.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-groups-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

persistentSubscriptionsContract('memory', async () => {
  const { clock, pass } = manualClock();
  return { store: openMemoryStore(clock), pass };
});
persistentSubscriptionsContract('sqlite', async () => {
  const { clock, pass } = manualClock();
  const directory = mkdtempSync(join(root, 'log-'));
  return { store: await openSqliteStore({ directory, clock, reserveBytes: 0 }), pass };
});
