import { describe, expect, it } from 'vitest';
import { linkIndexer } from './links.ts';
import { type Answer, createPages, type EventRow, type Pages } from './pages.ts';

function event(position: number, more: Partial<EventRow> = {}): EventRow {
  return {
    ...{
      eventId: `evt_${position}`,
      position: String(position),
      stream: 'task-1',
      revision: position,
      type: 'TaskBoosted',
    },
    ...{
      at: position,
      text: '',
      actor: 'operator',
      cause: null,
      scope: {},
      from: null,
      to: null,
      command: null,
      ...more,
    },
  };
}

/** A log that answers as the view does: so many at most, and of those looked at only what fits. */
function log(length: number, { lookedAt = 1_000, fits = (_n: number): boolean => true } = {}) {
  const events = Array.from({ length }, (_, n) => n + 1);
  const asked: Record<string, unknown>[] = [];
  const ask = async (params: Readonly<Record<string, unknown>>): Promise<Answer> => {
    asked.push(params);
    const {
      direction,
      before = length + 1e9,
      after = 0,
      limit,
    } = params as { direction: string } & Record<string, number>;
    const inReach = events.filter((n) => n < Number(before) && n > Number(after));
    const order = direction === 'backwards' ? inReach.reverse() : inReach;
    const rows: Record<string, EventRow> = {};
    let [next, more]: [string | null, boolean] = [null, false];
    for (const [at, n] of order.entries()) {
      if (Object.keys(rows).length === limit || at === lookedAt) {
        more = true;
        break;
      }
      next = String(n);
      if (fits(n)) rows[`task-1@${n}`] = event(n);
    }
    return { rows, summary: { more, next: more ? next : null }, position: String(events.length) };
  };
  return { ask, asked, append: () => void events.push(events.length + 1) };
}

const positions = (pages: Pages) => pages.get().rows.map(({ position }) => Number(position));
const upTo = (length: number, from = 1) => Array.from({ length: length - from + 1 }, (_, n) => n + from);

/** Resolves when `enough` holds, looked at after each change. */
function until(pages: Pages, enough: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!enough()) return;
      off();
      resolve();
    };
    const off = pages.subscribe(look);
    look();
  });
}
const settled = (pages: Pages) => until(pages, () => pages.get().state !== 'loading' && !pages.get().isLoadingOlder);

describe('pages of the timeline', () => {
  it('begin with the newest and go back to the first without a gap or a repetition', async () => {
    const pages = createPages(log(1_001).ask);
    await settled(pages);
    expect(positions(pages)).toEqual(upTo(1_001, 802));
    while (pages.get().hasOlder) {
      pages.older();
      pages.older();
      await settled(pages);
    }
    expect(positions(pages)).toEqual(upTo(1_001));
  });

  it('take what is new when told so, however often and in whatever order', async () => {
    const { ask, append } = log(300);
    const pages = createPages(ask);
    append();
    pages.news();
    for (let n = 0; n < 500; n++) {
      append();
      pages.news();
    }
    pages.older();
    await until(pages, () => positions(pages).at(-1) === 801);
    pages.older();
    await until(pages, () => positions(pages)[0] === 1);
    expect(positions(pages)).toEqual(upTo(801));
  });

  it('look on where the server has looked at much and found nothing', async () => {
    const { ask, asked } = log(5_000, { fits: (n) => n % 2_500 === 1 });
    const pages = createPages(ask);
    await settled(pages);
    expect(positions(pages)).toEqual([2501]);
    expect(asked).toHaveLength(3);
    pages.older();
    await settled(pages);
    expect(positions(pages)).toEqual([1, 2501]);
  });

  it('keep what there is when the server is away, and go on', async () => {
    const { ask, append } = log(10);
    let isAway = false;
    const pages = createPages((params) => (isAway ? Promise.reject(new Error('away')) : ask(params)));
    await settled(pages);
    isAway = true;
    append();
    pages.news();
    await until(pages, () => pages.get().failure !== null);
    expect(positions(pages)).toEqual(upTo(10));
    isAway = false;
    pages.news();
    await until(pages, () => pages.get().rows.length === 11);
    expect(pages.get()).toMatchObject({ state: 'ready', failure: null });
  });

  it('say why nothing can be shown, and nothing after they were closed', async () => {
    const pages = createPages(() => Promise.reject(new Error('no')));
    await until(pages, () => pages.get().state === 'failed');
    expect(pages.get().failure?.code).toBe('server.unreachable');
    const closed = createPages(log(3).ask);
    closed.close();
    closed.subscribe(() => expect.unreachable());
    await Promise.resolve();
    expect(closed.get().rows).toEqual([]);
  });
});

describe('links', () => {
  const agent = 'agent-agt_1';
  const rows = [
    event(1, { revision: 0, stream: 'workflow-1' }),
    event(2, { revision: 0, cause: 'evt_1', to: 'pending' }),
    event(3, { revision: 1, cause: 'evt_99' }),
    event(4, { revision: 2, actor: 'process:dispatching' }),
    event(5, { stream: agent, type: 'AgentStarted', actor: 'process:sessions', revision: 0 }),
    event(6, { revision: 3, actor: 'agent:agt_1' }),
    event(7, { revision: 4, actor: 'agent:agt_2' }),
    event(8, { revision: 5 }),
  ];
  const { causeOf, effectsOf } = linkIndexer()(rows);
  const found = (index: number) => {
    const { kind, index: to, position } = causeOf(index) ?? {};
    return [kind, to, position];
  };

  it('are recorded where an event names its cause, also one that is not shown', () => {
    expect([found(1), found(2)]).toEqual([
      ['recorded', 0, '1'],
      ['recorded', null, null],
    ]);
    expect(effectsOf(0)).toMatchObject([{ kind: 'recorded', index: 1, position: '2' }]);
  });

  it('are inferred for a process from what led to the last state, and for an agent from its start', () => {
    expect([found(3), found(5), found(6)]).toEqual([
      ['inferred', 1, '2'],
      ['inferred', 4, '5'],
      ['inferred', null, null],
    ]);
    expect(effectsOf(1)).toMatchObject([{ kind: 'inferred', index: 3 }]);
  });

  it('are the same when rows came bit by bit, at either end', () => {
    const told = (index: ReturnType<ReturnType<typeof linkIndexer>>) =>
      rows.map((_, at) => [index.causeOf(at), index.effectsOf(at)]);
    const whole = told({ causeOf, effectsOf });
    const appended = linkIndexer();
    for (let length = 0; length <= rows.length; length++) appended(rows.slice(0, length));
    expect(told(appended(rows))).toEqual(whole);
    const prepended = linkIndexer();
    for (let from = rows.length; from >= 0; from--) prepended(rows.slice(from));
    expect(told(prepended(rows))).toEqual(whole);
  });

  it('are none for what a person asked for, and for what was begun', () => {
    expect([causeOf(0), causeOf(4), causeOf(7)]).toEqual([null, null, null]);
    expect(effectsOf(7)).toEqual([]);
  });
});
