import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { programFile } from '../../src/programs/installation.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import { openSqliteStore } from '../../src/store/adapters/sqlite.ts';
import { eventStoreContract } from './event-store.contract.ts';
import { hidingContract } from './hiding.contract.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-contract-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

eventStoreContract('memory', async () => openMemoryStore());
const openSqlite = (clock: Clock, options: { writerThread?: string } = {}) =>
  openSqliteStore({ directory: mkdtempSync(join(root, 'log-')), clock, reserveBytes: 0, ...options });
const inThread = { writerThread: programFile('log-writer') };
const judgedBy = (time: Pick<Clock, 'now'>): Clock => ({ ...systemClock, now: () => time.now() });

eventStoreContract('sqlite', () => openSqlite(systemClock));
// To start a thread costs more than a story does, and what decides is the same.
eventStoreContract('sqlite, written in a thread', () => openSqlite(systemClock, inThread), 4);

hidingContract('memory', { open: async (time) => openMemoryStore(judgedBy(time)), histories: 200 });
hidingContract('sqlite', { open: (time) => openSqlite(judgedBy(time)), histories: 50 });
