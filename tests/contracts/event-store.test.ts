import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import { openSqliteStore } from '../../src/store/adapters/sqlite.ts';
import { eventStoreContract } from './event-store.contract.ts';
import { hidingContract } from './hiding.contract.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-contract-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

eventStoreContract('memory', async () => openMemoryStore());
eventStoreContract('sqlite', () => openSqlite(systemClock));

hidingContract('memory', { open: async (time) => openMemoryStore(time), histories: 200 });
hidingContract('sqlite', { open: (time) => openSqlite({ ...systemClock, now: time.now }), histories: 50 });

function openSqlite(clock: Clock) {
  return openSqliteStore({ directory: mkdtempSync(join(root, 'log-')), clock, reserveBytes: 0 });
}
