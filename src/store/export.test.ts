import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../kernel/adapters/system.ts';
import { openMemoryStore } from './adapters/memory.ts';
import { openSqliteStore, verifyLog } from './adapters/sqlite.ts';
import type { EventStore, NewEvent, StoredEvent } from './event-store.ts';
import { exportLog } from './export.ts';
import { importLog } from '../../tests/support/import-log.ts';

const root = mkdtempSync(join(tmpdir(), 'heph-export-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const opened: EventStore[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

async function sqlite() {
  const store = await openSqliteStore({
    directory: mkdtempSync(join(root, 'log-')),
    clock: systemClock,
    reserveBytes: 0,
  });
  opened.push(store);
  return store;
}

async function filled<S extends EventStore>(store: S): Promise<S> {
  const texts = ['plain', 'é€😀', '\u2028"\\', '\ud800'];
  const appends = Array.from({ length: 700 }, (_, n) =>
    store.append(`task-s${n % 9}`, 'any', [noted(`e${n}`, texts[n % 4] as string)]),
  );
  await Promise.all(appends);
  return store;
}

function noted(id: string, text: string): NewEvent {
  const meta = { actor: 'operator', correlationId: 'c', scope: { workflowId: 'wfl_1' } };
  return {
    id,
    type: 'Noted',
    v: 1,
    at: 1_700_000_000_000,
    data: { text, 2: 'two', 1: 'one', nothing: null, n: 1e21 },
    meta,
  };
}

async function textOf(store: EventStore): Promise<string> {
  const lines: string[] = [];
  await exportLog(store, (line) => {
    lines.push(line);
  });
  return lines.join('');
}

/** The text in chunks of `size` bytes, cut wherever that may be. */
const chunked = (text: string, size: number) =>
  async function* () {
    const bytes = Buffer.from(text);
    for (let n = 0; n < bytes.length; n += size) yield bytes.subarray(n, n + size);
  };

async function eventsOf(store: EventStore): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const event of store.readAll()) events.push(event);
  return events;
}

describe('an exported log', () => {
  it('becomes the same log, with the same positions and hashes', async () => {
    const from = await filled(await sqlite());
    const to = await sqlite();
    const text = await textOf(from);
    const imported = await importLog(chunked(text, 777), to);
    expect(await eventsOf(to)).toEqual(await eventsOf(from));
    const verified = await verifyLog(to.data.path);
    expect(verified).toMatchObject({ ok: true, events: 700, head: { hash: imported.hash } });
    expect((await verifyLog(from.data.path)).head).toEqual(verified.head);
    expect(await textOf(to)).toBe(text);
  });

  it('goes from any store to any other', async () => {
    const memory = openMemoryStore();
    const from = await filled(await sqlite());
    await importLog(chunked(await textOf(from), 64 * 1024), memory);
    expect(await textOf(memory)).toBe(await textOf(from));
  });

  it('of an empty log is imported as one', async () => {
    const store = await sqlite();
    expect(await importLog(chunked(await textOf(openMemoryStore()), 10), store)).toMatchObject({ events: 0 });
    expect(await store.head()).toBe(0n);
  });

  it('is not put into a log that holds something else, and goes on in one that holds its beginning', async () => {
    const from = await filled(openMemoryStore());
    const text = await textOf(from);
    const [behind, ahead, begun] = [openMemoryStore(), await filled(openMemoryStore()), openMemoryStore()];
    await behind.append('task-s0', 'any', [noted('e0', 'another')]);
    await ahead.append('task-s0', 'any', [noted('more', 'more')]);
    for (const store of [behind, ahead])
      await expect(importLog(chunked(text, 4096), store)).rejects.toMatchObject({ code: 'log.not_empty' });
    for await (const { stream, revision: _revision, position, ...event } of from.readAll())
      if (position <= 400n) await begun.append(stream, 'any', [event]);
    await importLog(chunked(text, 4096), begun);
    expect(await textOf(begun)).toBe(text);
  });

  it('of a log that lacks events is not made', async () => {
    const from = await filled(openMemoryStore());
    const hidden = {
      async *readAll() {
        for await (const event of from.readAll()) if (event.position !== 300n) yield event;
      },
    };
    await expect(exportLog(hidden, () => {})).rejects.toMatchObject({ code: 'log.incomplete' });
  });

  const spoils: [string, (lines: string[]) => string[]][] = [
    ['without its end', (lines) => lines.slice(0, -1)],
    ['cut within a line', (lines) => [...lines.slice(0, 5), (lines[5] as string).slice(0, 40)]],
    ['without an event', (lines) => lines.toSpliced(7, 1)],
    ['with an event changed', (lines) => lines.with(7, (lines[7] as string).replace('Noted', 'Noded'))],
    ['with two events exchanged', (lines) => lines.with(7, lines[8] as string).with(8, lines[7] as string)],
    ['with something behind its end', (lines) => [...lines, lines[3] as string]],
    ['without its header', (lines) => lines.slice(1)],
    ['of a later version', (lines) => lines.with(0, '{"format":"heph-log","version":3}')],
    ['with a line that is no JSON', (lines) => lines.with(4, 'x')],
    ['with a line that is no event', (lines) => lines.with(4, '{"position":"4"}')],
    [
      'with a revision that does not follow',
      (lines) => lines.with(4, (lines[4] as string).replace('"revision":0', '"revision":5')),
    ],
    ['with a line without end', (lines) => [...lines.slice(0, 3), 'x'.repeat(1_100_000)]],
    ['that is empty', () => []],
  ];
  it.each(spoils)('%s is refused, and nothing is written', async (_name, spoil) => {
    const lines = (await textOf(await filled(openMemoryStore()))).split('\n').slice(0, -1);
    const store = openMemoryStore();
    const text = spoil(lines).join('\n');
    await expect(importLog(chunked(text, 4096), store)).rejects.toMatchObject({
      kind: 'invalid',
      code: 'log.bad_export',
    });
    expect(await store.head()).toBe(0n);
  });
});
