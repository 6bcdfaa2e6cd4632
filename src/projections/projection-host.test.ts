import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { bugfix } from '../../tests/support/bugfix-story.ts';
import { createStory, tell } from '../../tests/support/story.ts';
import { systemClock } from '../kernel/adapters/system.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { EventStore, StoredEvent } from '../store/event-store.ts';
import { createMemoryCache } from './adapters/memory-cache.ts';
import { openSqliteCache } from './adapters/sqlite-cache.ts';
import type { ProjectionCache } from './cache.ts';
import { defineProjection, type FoldedView } from './define-projection.ts';
import { type ProjectionHost, type ProjectionHostOptions, startProjectionHost, VIEWS } from './index.ts';

const open: ProjectionHost[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((host) => host.close()));
});

async function host(store: EventStore, more: Partial<ProjectionHostOptions> = {}): Promise<ProjectionHost> {
  const made = await startProjectionHost({
    store,
    views: VIEWS,
    cache: createMemoryCache(),
    logId: 'log_one',
    clock: systemClock,
    ...more,
  });
  open.push(made);
  return made;
}

function story() {
  const told = createStory();
  const steps = bugfix(told);
  const workflows = [steps.start('one'), steps.start('two')] as const;
  for (const workflowId of workflows) {
    steps.phase(workflowId, 'fix');
    const taskId = steps.task(workflowId);
    steps.queue(taskId);
    steps.finish(taskId, steps.work(taskId));
    steps.queue(steps.task(workflowId));
  }
  return { told, steps, workflows, events: told.events };
}

/** Counts events, and cannot bear one type. */
function counting(poison?: string): FoldedView {
  return {
    name: 'counting',
    params: z.strictObject({}),
    overall: defineProjection<{ seen: Map<string, number> }>({
      name: 'counting',
      v: 1,
      init: () => ({ seen: new Map() }),
      fold({ seen }, event) {
        if (event.type === poison) throw new Error('it is poison');
        seen.set(event.type, (seen.get(event.type) ?? 0) + 1);
      },
      render: ({ seen }) => ({
        rows: {},
        summary: { total: [...seen.values()].reduce((sum, count) => sum + count, 0) },
      }),
    }),
  };
}

describe('live views', () => {
  it('show what is appended, not before it is applied where the position is asked for', async () => {
    const { told, steps, workflows, events } = story();
    const store = openMemoryStore();
    await tell(store, events);
    const views = await host(store);
    await views.caughtUp;
    const before = events.length;
    const taskId = steps.task(workflows[0]);
    await tell(store, told.events.slice(before));
    const head = await store.head();
    const view = await views.view('queue', {}, { until: head });
    expect(view).toMatchObject({ view: 'queue', v: 3, params: {}, position: head.toString(), rows: { [taskId]: {} } });
  });

  it('wake who waits for a position, and fail who waits when the feed ends', async () => {
    const { events } = story();
    const store = openMemoryStore();
    const views = await host(store);
    const waits = views.waitFor(BigInt(events.length));
    await tell(store, events);
    await waits;
    expect(views.position()).toBe(BigInt(events.length));
    const never = views.waitFor(BigInt(events.length + 1));
    const aborted = views.waitFor(BigInt(events.length + 1), AbortSignal.abort(new Error('gone')));
    await expect(aborted).rejects.toThrow('gone');
    await store.close();
    await expect(never).rejects.toMatchObject({ code: 'log.closed' });
    expect(views.status().feed).toBe('stopped');
  });

  it('keep a workflow’s own view live once it was asked for', async () => {
    const { told, steps, workflows, events } = story();
    const store = openMemoryStore();
    await tell(store, events);
    const views = await host(store);
    await views.caughtUp;
    const [one, two] = workflows;
    expect(Object.keys((await views.view('workflow', { workflowId: one })).rows)).toHaveLength(2);
    const before = events.length;
    steps.task(one);
    steps.task(two);
    await tell(store, told.events.slice(before));
    const view = await views.view('workflow', { workflowId: one }, { until: await store.head() });
    expect(Object.keys(view.rows)).toHaveLength(3);
    expect(view.position).toBe(told.events.length.toString());
  });

  it('tell listeners of each batch, and outlive one that throws', async () => {
    const store = openMemoryStore();
    const warn = vi.fn();
    const views = await host(store, { warn });
    const positions: bigint[] = [];
    views.watch(() => {
      throw new Error('bad listener');
    });
    views.watch((position) => positions.push(position));
    const { events } = story();
    await tell(store, events);
    await views.waitFor(BigInt(events.length));
    expect(positions.at(-1)).toBe(BigInt(events.length));
    expect(warn).toHaveBeenCalled();
  });

  it('refuse a view that is not there, parameters that do not fit and a position that has not come', async () => {
    const views = await host(openMemoryStore());
    await expect(views.view('moon')).rejects.toMatchObject({ code: 'query.unknown' });
    await expect(views.view('queue', { colour: 'red' })).rejects.toMatchObject({ code: 'input.invalid' });
    await expect(views.view('queue', {}, { at: 1n })).rejects.toMatchObject({ code: 'position.ahead' });
    await expect(views.view('queue', {}, { until: 1n })).rejects.toMatchObject({ code: 'position.ahead' });
    await expect(views.rebuild('timeline')).rejects.toMatchObject({ code: 'input.invalid' });
  });
});

describe('a view at an earlier position', () => {
  it('equals what was live then, for every position and every view, with saved states and without', async () => {
    const { events, workflows } = story();
    const store = openMemoryStore();
    const clock = { ...systemClock, now: () => 0 };
    // One event at a time: what is live after each is what `at` must show later.
    const views = await host(store, { clock, saveEvery: 7 });
    const asked: [string, Record<string, unknown>][] = [
      ['queue', {}],
      ['fleet', {}],
      ['workflow', {}],
      ['workflow', { workflowId: workflows[0] }],
      ['config', {}],
    ];
    const live: unknown[] = [];
    await views.caughtUp;
    clock.now = () => events[Number(views.position()) - 1]?.at ?? 0;
    for (let n = 0; n < events.length; n += events[n]?.meta.count ?? 1) {
      await tell(store, events.slice(n, n + (events[n]?.meta.count ?? 1)));
      const until = await store.head();
      for (const [name, params] of asked) live.push(await views.view(name, params, { until }));
    }
    const past: unknown[] = [];
    for (let n = 0; n < events.length; ) {
      n += events[n]?.meta.count ?? 1;
      for (const [name, params] of asked) past.push(await views.view(name, params, { at: BigInt(n) }));
    }
    expect(past).toEqual(live);
  });
});

describe('a poison event', () => {
  it('degrades its own view, visibly, and stops nothing', async () => {
    const { events } = story();
    const store = openMemoryStore();
    const views = await host(store, { views: [...VIEWS, counting('TaskQueued')] });
    await tell(store, events);
    const until = await store.head();
    const view = await views.view('counting', {}, { until });
    const poisoned = events.filter((event) => event.type === 'TaskQueued');
    expect(view.summary).toEqual({ total: events.length - poisoned.length });
    expect(view.degraded).toMatchObject({ count: poisoned.length, eventId: poisoned[0]?.id, message: 'it is poison' });
    expect(Object.keys((await views.view('queue', {}, { until })).rows)).toHaveLength(4);
    expect(
      views
        .status()
        .views.filter((one) => one.degraded)
        .map((one) => one.view),
    ).toEqual(['counting']);
  });
});

describe('rebuild', () => {
  it('gives the same state as live for every view, also while events come in', async () => {
    const { told, steps, workflows, events } = story();
    const store = openMemoryStore();
    await tell(store, events);
    const views = await host(store);
    await views.caughtUp;
    for (const name of ['queue', 'fleet', 'workflow', 'config']) {
      const before = told.events.length;
      const rebuilding = views.rebuild(name);
      steps.task(workflows[0]);
      await tell(store, told.events.slice(before));
      const rebuilt = await rebuilding;
      expect(rebuilt).toMatchObject({ view: name, equal: true });
      expect(rebuilt.events).toBe(Number(rebuilt.position));
    }
    expect(await views.view('queue', {}, { until: await store.head() })).toMatchObject({ summary: { open: 8 } });
  });

  it('finds a view that had gone wrong, and puts the right one in its place', async () => {
    const { events } = story();
    const store = openMemoryStore();
    await tell(store, events);
    let broken = true;
    const view = counting();
    const { fold } = view.overall;
    view.overall.fold = (state, event: StoredEvent) => {
      if (broken && event.type === 'TaskCreated') return;
      fold(state, event);
    };
    const cache = createMemoryCache();
    const views = await host(store, { views: [view], cache, saveEvery: 5 });
    await views.caughtUp;
    broken = false;
    expect((await views.rebuild('counting')).equal).toBe(false);
    expect((await views.rebuild('counting')).equal).toBe(true);
    expect((await views.view('counting')).summary).toEqual({ total: events.length });
    const again = await host(store, { views: [view], cache });
    await again.caughtUp;
    expect((await again.view('counting')).summary).toEqual({ total: events.length });
  });
});

describe('saved states', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'heph-views-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const path = () => join(directory, 'cache.db');

  /** How many events a start folds, and what the view then shows. */
  async function start(store: EventStore, cache: ProjectionCache, logId = 'log_one', warn = vi.fn()) {
    const view = counting();
    let folded = 0;
    const { fold } = view.overall;
    view.overall.fold = (state, event: StoredEvent) => {
      folded += 1;
      fold(state, event);
    };
    const views = await startProjectionHost({ store, views: [view], cache, logId, clock: systemClock, warn });
    await views.caughtUp;
    const { summary } = await views.view('counting');
    await views.close();
    return { folded, total: summary.total, warn };
  }

  async function filled() {
    const { events } = story();
    const store = openMemoryStore();
    await tell(store, events);
    await start(store, openSqliteCache({ path: path() }));
    return { store, events };
  }

  it('spare a restart the fold, and are readable by the owner only', async () => {
    const { store, events } = await filled();
    expect(await start(store, openSqliteCache({ path: path() }))).toMatchObject({ folded: 0, total: events.length });
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it('are ignored when they belong to another log', async () => {
    const { store, events } = await filled();
    const other = await start(store, openSqliteCache({ path: path() }), 'log_two');
    expect(other).toMatchObject({ folded: events.length, total: events.length });
  });

  it('are ignored when the log has gone another way since, or is shorter', async () => {
    const { events } = await filled();
    const { events: longer } = story();
    const shorter = openMemoryStore();
    await tell(shorter, events.slice(0, 1));
    expect(await start(shorter, openSqliteCache({ path: path() }))).toMatchObject({ folded: 1, total: 1 });
    await filled();
    const diverged = openMemoryStore();
    await tell(
      diverged,
      longer.map((event) => ({ ...event, id: `${event.id}x` })),
    );
    const { folded, warn } = await start(diverged, openSqliteCache({ path: path() }));
    expect(folded).toBe(longer.length);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('another log'));
  });

  it('are ignored when one was altered', async () => {
    const { store, events } = await filled();
    const db = new DatabaseSync(path());
    db.exec(`UPDATE snapshots SET state = '{"seen":{"$map":[["A",1]]}}'`);
    db.close();
    expect(await start(store, openSqliteCache({ path: path() }))).toMatchObject({
      folded: events.length,
      total: events.length,
    });
  });

  it('are set aside when the file is no database, or another program’s', async () => {
    const { store, events } = await filled();
    for (const spoil of [
      () => writeFileSync(path(), 'this is no database, and long enough to be looked at as one'.repeat(100)),
      () => {
        rmSync(path(), { force: true });
        const db = new DatabaseSync(path());
        db.exec('CREATE TABLE theirs (x)');
        db.close();
      },
    ]) {
      spoil();
      const warn = vi.fn();
      expect(await start(store, openSqliteCache({ path: path(), warn }))).toMatchObject({ total: events.length });
      expect(warn).toHaveBeenCalledWith(expect.stringContaining('set aside'));
      expect(statSync(`${path()}.damaged`).size).toBeGreaterThan(0);
      expect((await start(store, openSqliteCache({ path: path() }))).folded).toBe(0);
    }
  });

  it('are done without when there is no place for the file', async () => {
    const { store, events } = await filled();
    const warn = vi.fn();
    const nowhere = openSqliteCache({ path: join(directory, 'absent', 'cache.db'), warn });
    expect(await start(store, nowhere)).toMatchObject({ total: events.length });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('cannot be used'));
  });

  it.each([
    ['memory', () => createMemoryCache()],
    ['sqlite', () => openSqliteCache({ path: path() })],
  ])('come back newest first up to a position, a bounded number of them (%s)', (_name, make) => {
    const cache = make();
    const key = { projection: 'x', v: 1, logId: 'log_one' };
    for (let n = 1; n <= 40; n++)
      cache.put(key, { position: BigInt(n), eventId: `evt_${n}`, at: n, state: `{"n":${n}}` });
    expect(cache.latest(key)?.position).toBe(40n);
    expect(cache.latest(key, 20n)).toEqual({ position: 20n, eventId: 'evt_20', at: 20, state: '{"n":20}' });
    expect(cache.latest(key, 8n)).toBeNull();
    expect(cache.latest({ ...key, v: 2 })).toBeNull();
    cache.forget(key);
    expect(cache.latest(key)).toBeNull();
    cache.close();
  });
});
