import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import { programFile } from '../../src/programs/installation.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import { openSqliteStore } from '../../src/store/adapters/sqlite.ts';
import { eventStoreContract } from './event-store.contract.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-contract-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

eventStoreContract('memory', async () => openMemoryStore());
const sqlite = (options: { writerThread?: string } = {}) =>
  openSqliteStore({ directory: mkdtempSync(join(root, 'log-')), clock: systemClock, reserveBytes: 0, ...options });
eventStoreContract('sqlite', () => sqlite());
eventStoreContract('sqlite, written in a thread', () => sqlite({ writerThread: programFile('log-writer') }));
