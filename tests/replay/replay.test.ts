import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { ACTORS } from '../../src/actors/catalogue.ts';
import { type Folded, foldEvent, startFold } from '../../src/actors/fold.ts';
import { replay } from '../../src/actors/replay.ts';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import { createMemoryCache } from '../../src/projections/adapters/memory-cache.ts';
import { startProjectionHost, VIEWS } from '../../src/projections/index.ts';
import { openMemoryStore } from '../../src/store/adapters/memory.ts';
import { categoryOf, type EventStore, type StoredEvent } from '../../src/store/event-store.ts';
import { importLog } from '../support/import-log.ts';
import { createUpcaster, UPCASTS, withUpcasters } from '../../src/store/upcasters/index.ts';
import { troubles } from '../recordings/troubles.ts';

const FOLDER = fileURLToPath(new URL('../recordings/', import.meta.url));
const recordings = readdirSync(FOLDER).filter((name) => name.endsWith('.ndjson'));
const FOLDED_VIEWS = VIEWS.flatMap((view) => ('overall' in view ? [view.name] : []));

async function imported(text: string): Promise<EventStore> {
  const store = openMemoryStore();
  await importLog(async function* () {
    yield text;
  }, store);
  return withUpcasters(store, createUpcaster(UPCASTS));
}

/** The store as a reader has it: whoever appends to it is found out. */
function readOnly(store: EventStore): EventStore {
  return {
    ...store,
    append: () => Promise.reject(new Error('a replay has appended')),
  };
}

async function eventsOf(store: EventStore): Promise<StoredEvent[]> {
  const events: StoredEvent[] = [];
  for await (const event of store.readAll()) events.push(event);
  return events;
}

/** Every actor as its stream tells it. */
function folded(events: readonly StoredEvent[]): Map<string, Folded> {
  const actors = new Map<string, Folded>();
  for (const event of events) {
    const kind = ACTORS.get(categoryOf(event.stream));
    if (!kind) throw new Error(`nobody knows ${event.stream}`);
    const actor = actors.get(event.stream) ?? startFold(kind, event.stream);
    actors.set(event.stream, actor);
    foldEvent(kind, actor, event);
  }
  return actors;
}

const statesOf = (actors: ReadonlyMap<string, Folded>) => [...actors].map(([stream, { state }]) => [stream, state]);

/** Each view's checksum after a rebuild from nothing. */
async function checksums(store: EventStore): Promise<Record<string, string>> {
  const host = await startProjectionHost({
    ...{ store, views: VIEWS, cache: createMemoryCache(), logId: 'log_recorded', clock: systemClock },
  });
  try {
    await host.caughtUp;
    const rebuilt = await Promise.all(FOLDED_VIEWS.map((view) => host.rebuild(view)));
    expect(rebuilt.filter(({ equal }) => !equal)).toEqual([]);
    expect(host.status().views.filter(({ degraded }) => degraded)).toEqual([]);
    return Object.fromEntries(rebuilt.map(({ view, checksum }) => [view, checksum]));
  } finally {
    await host.close();
  }
}

describe('the recordings', () => {
  it('are there, and hold failures as well as success', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(2);
    const all = recordings.map((name) => readFileSync(`${FOLDER}${name}`, 'utf8')).join('');
    for (const type of [
      'TaskMerged',
      'WorkflowCompleted',
      'AttemptFailed',
      'ValidationFailed',
      'WorkSentBack',
      'AgentLost',
      'WorkflowCancelled',
    ])
      expect(all, type).toContain(`"type":"${type}"`);
    expect(all).not.toMatch(/\/(tmp|work|root)\//);
  });

  describe.each(recordings)('%s', (name) => {
    const text = readFileSync(`${FOLDER}${name}`, 'utf8');
    let store: EventStore;
    let events: StoredEvent[];
    beforeAll(async () => {
      store = readOnly(await imported(text));
      events = await eventsOf(store);
    });

    it('folds twice to equal states, and every type of fact is known', () => {
      const once = folded(events);
      expect(statesOf(folded(events))).toEqual(statesOf(once));
      for (const event of events) {
        expect(Object.keys(ACTORS.get(categoryOf(event.stream))?.facts ?? {})).toContain(event.type);
        expect(event.meta.to, `${event.position}`).toBeTypeOf('string');
      }
      // What was recorded as the state each fact led to is where it leads now.
      const last = new Map(events.map((event) => [event.stream, event.meta.to]));
      for (const [stream, { state }] of once) expect([stream, state.value]).toEqual([stream, last.get(stream)]);
    });

    it('decides every command as it was decided, and does nothing', async () => {
      const head = await store.head();
      const report = await replay(store);
      expect(report).toMatchObject({ difference: null, unknown: 0, events: events.length });
      expect(report.commands).toBeGreaterThan(50);
      expect(await store.head()).toBe(head);
    });

    it('gives the same views however often they are rebuilt', async () => {
      expect(await checksums(store)).toEqual(await checksums(readOnly(await imported(text))));
    });

    it('is known as changed when a line of it is', async () => {
      const lines = text.trimEnd().split('\n');
      const changed = lines.map((line, n) => (n === 10 ? line.replace('"v":1', '"v":2') : line)).join('\n');
      expect(changed).not.toBe(lines.join('\n'));
      await expect(imported(changed)).rejects.toMatchObject({ code: 'log.bad_export' });
      await expect(imported(lines.toSpliced(10, 1).join('\n'))).rejects.toMatchObject({ code: 'log.bad_export' });
    });

    it('would show a decision that has come out differently', async () => {
      const forged = events.map((event) =>
        event.meta.command?.name === 'queue_task' ? { ...event, data: { because: 'somebody said so' } } : event,
      );
      const source = {
        async *readAll() {
          yield* forged;
        },
      };
      const report = await replay(source);
      expect(report.difference).toMatchObject({ command: 'queue_task' });
    });
  });
});

describe('what is recorded', () => {
  it('can be recorded anew', async () => {
    const report = await replay(await troubles());
    expect(report).toMatchObject({ difference: null, unknown: 0 });
  });
});
