import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../src/kernel/adapters/system.ts';
import { openLogStore } from '../../src/programs/log-store.ts';
import { logTools } from '../../src/programs/log-tools.ts';
import { createMemoryCache } from '../../src/projections/adapters/memory-cache.ts';
import { startProjectionHost, VIEWS } from '../../src/projections/index.ts';
import { openEventStoreDb } from '../../src/store/adapters/eventstoredb.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import type { EventStore, NewEvent } from '../../src/store/event-store.ts';
import { exportLog } from '../../src/store/export.ts';
import { urlOf } from '../support/esdb-contract.ts';
import { type EsdbServer, startEsdbServer } from '../support/esdb-server/server.ts';
import type { Client } from '../support/esdb-server/stubs.ts';
import { importLog } from '../support/import-log.ts';
import { exportText, fillWorkspace, inChunks } from '../support/moving.ts';

const VIEW_NAMES = VIEWS.map(({ name }) => name);

/** A recorded workspace goes from the embedded store to an event store and back: nothing of it is another one afterwards. */
export function movingContract(client: Client, recording: 'repair' | 'troubles'): void {
  const root = mkdtempSync(join(tmpdir(), 'heph-moving-'));
  let esdb: EsdbServer;
  beforeAll(async () => {
    esdb = await startEsdbServer({ client });
  });
  afterAll(async () => {
    await esdb.close();
    rmSync(root, { recursive: true, force: true });
  });

  const place = (store = 'sqlite') => ({ directory: mkdtempSync(join(root, 'data-')), store });
  const onServer = (server: EsdbServer) => place(urlOf(client, server.port));

  describe(`a workspace that moves through ${client}`, () => {
    it('has the same views, decisions, blobs and definitions there, and is the same log byte for byte when it is back', async () => {
      const server = await startEsdbServer({ client });
      const from = await fillWorkspace(mkdtempSync(join(root, 'data-')), recording);
      const there = onServer(server);
      const back = place();
      const text = await exportText(from);
      const moved = await logTools.import(there, inChunks(text));
      expect(await exportText(there)).toBe(text);
      expect(await logTools.import(back, inChunks(await exportText(there)))).toEqual(moved);
      expect(await exportText(back)).toBe(text);

      const views = await viewsIn(from);
      expect(Object.keys(views)).toEqual(VIEW_NAMES);
      expect(await viewsIn(there)).toEqual(views);
      expect(await viewsIn(back)).toEqual(views);
      for (const at of [from, there, back]) {
        expect(filesIn(at.directory)).toEqual(filesIn(from.directory));
        expect(await logTools.replay(at, () => {})).toMatchObject({
          difference: null,
          unknown: 0,
          events: moved.events,
        });
      }
      const last = server.log.events.at(-1);
      expect(await logTools.verify(there)).toMatchObject({
        ok: true,
        events: moved.events,
        chained: false,
        damage: null,
      });
      expect(last?.stream.startsWith('heph.')).toBe(true);
      expect(await logTools.verify(back)).toMatchObject({ ok: true, chained: true, anchored: true });
      await server.close();
    });
  });

  it('gives any log its order, ids, times and words back', async () => {
    const streams = fc.constantFrom('task-a', 'task-b', 'agent-c', 'fleet-main', 'fleet-main_g2');
    const append = fc.tuple(
      streams,
      fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 3 }),
      fc.integer(),
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(append, { maxLength: 12 }), async (appends) => {
        run += 1;
        const [from, back] = [openMemoryStore(), openMemoryStore()];
        for (const [n, [stream, datas, at]] of appends.entries())
          await from.append(
            stream,
            'any',
            datas.map((data, m) => eventOf(`${n}.${m}`, data, at)),
          );
        const there = await openEventStoreDb({
          url: urlOf(client, esdb.port),
          namespace: `n${run}`,
          clock: systemClock,
        });
        const text = await exported(from);
        await importLog(inChunks(text), there);
        await importLog(inChunks(await exported(there)), back);
        expect(await exported(back)).toBe(text);
        await there.close();
      }),
      { numRuns: 8 },
    );
  });
}

const opener = { clock: systemClock, random: systemRandom, takeOver: false };

function eventOf(id: string, data: NewEvent['data'], at: number): NewEvent {
  return { id: `evt_${id}`, type: 'Noted', v: 1, at, data, meta: { actor: 'operator', correlationId: 'c' } };
}

async function exported(store: EventStore): Promise<string> {
  let text = '';
  await exportLog(store, (line) => void (text += line));
  return text;
}

/**
 * Every view as its readers get it. Positions are the store's own: each is told as which event of the log it is, counted
 * from the first. Nothing else is changed.
 */
async function viewsIn({ directory, store: where }: { directory: string; store: string }) {
  const { store, logId } = await openLogStore({ ...opener, directory, where });
  try {
    const places = new Map<string, string>();
    const params: Record<string, Record<string, unknown>> = { 'best-of-n': { bestOfNId: 'bon_none' } };
    for await (const { position, stream } of store.readAll()) {
      places.set(String(position), `event ${places.size + 1}`);
      if (stream.startsWith('task-')) params.task ??= { taskId: stream.slice('task-'.length) };
    }
    const host = await startProjectionHost({
      store,
      views: VIEWS,
      cache: createMemoryCache(),
      logId,
      clock: systemClock,
    });
    const views: Record<string, unknown> = {};
    for (const name of VIEW_NAMES)
      views[name] = told(await host.view(name, params[name] ?? {}, { at: await store.head() }), places);
    await host.close();
    return views;
  } finally {
    await store.close();
  }
}

/** A row that is named by where it happened: `attempt/15`. */
const AT_PLACE = /(?<=^[a-z]+\/)\d+$/;

function told(view: unknown, places: ReadonlyMap<string, string>): unknown {
  const names = new Set(['position', 'next']);
  const placeOf = (value: string, what: string) => {
    const place = places.get(value);
    expect(place, `${what} ${value}`).toBeDefined();
    return place;
  };
  return JSON.parse(JSON.stringify(view), (key, value: unknown) => {
    if (key === 'rows')
      return Object.entries(value as object).map(([row, of]) => [
        row.replace(AT_PLACE, (position) => placeOf(position, row) ?? position),
        of,
      ]);
    // A number by that name is a place in a line, not in the log.
    return names.has(key) && typeof value === 'string' ? placeOf(value, key) : value;
  });
}

/** What is carried, by path; its modes are looked at. */
function filesIn(directory: string): [string, string][] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  for (const file of files) expect(statSync(file).mode & 0o077, file).toBe(0);
  const carried = files.filter((file) => /^(blobs|phases)\//.test(file.slice(directory.length + 1)));
  return carried.map((file): [string, string] => [file.slice(directory.length + 1), readFileSync(file, 'utf8')]).sort();
}
