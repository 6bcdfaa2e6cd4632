import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kernel/adapters/system.ts';
import { openSqliteStore } from '../../src/store/adapters/sqlite.ts';
import { until } from '../support/agent-world.ts';
import { missingStrace } from '../support/debian.ts';
import { damageIn, eventsIn } from '../support/exported.ts';
import { failFlushes, type Fault, writeUnder } from '../support/inject.ts';
import { type Acknowledged, gapsIn, missingFrom } from '../support/ledger.ts';
import { problemsIn, type Said } from '../support/log-ledger.ts';
import { createProduct, type Product } from '../support/product.ts';
import { missingMount, mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';

/**
 * P2 and P3: what a disk that fails does to the log. Each kind of fault is put to the n-th call of its kind, n = 1, 2, …
 * until there is no such call any more; per change some are left out, by night none is.
 */
const step = (perChange: number) => (process.env.HEPH_TEST_NIGHTLY === '1' ? 1 : perChange);
const SESSIONS = ['5', '3'];
const AT_ONCE = 2;
const RESERVE_BYTES = 64 * 1024 * 1024;
const noStrace = missingStrace();
const noMount = missingMount();

interface Kind {
  fault: Omit<Fault, 'when'>;
  /** Every n-th call. */
  step: number;
  /** What an append, an opening or a closing may be refused with. */
  codes: string[];
  /** After the first refusal nothing is written through that handle. */
  stops: boolean;
}

const KINDS: Record<string, Kind> = {
  'a flush fails': {
    fault: { calls: 'fsync,fdatasync', error: 'EIO' },
    step: step(3),
    codes: ['log.read_only'],
    stops: true,
  },
  'a write fails': {
    fault: { calls: 'pwrite64', error: 'EIO' },
    step: step(23),
    codes: ['log.read_only'],
    stops: true,
  },
  'there is no room': {
    fault: { calls: 'pwrite64', error: 'ENOSPC' },
    step: step(23),
    codes: ['log.disk_full'],
    stops: false,
  },
  'no more files can be open': {
    fault: { calls: 'openat', error: 'EMFILE' },
    step: step(2),
    codes: ['log.read_only', 'log.damaged'],
    stops: true,
  },
  'nothing may be written': {
    fault: { calls: 'pwrite64', error: 'EROFS' },
    step: step(47),
    codes: ['log.read_only'],
    stops: true,
  },
};

const root = mkdtempSync(join(tmpdir(), 'heph-io-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(noStrace)(`a disk that fails once${noStrace ? `: skipped, ${noStrace}` : ''}`, () => {
  it.each(Object.entries(KINDS))(
    'when %s: no acknowledged append is lost, none is there in part',
    async (name, kind) => {
      let faults = 0;
      let refusals = 0;
      for (let n = 1, more = true; more; n += kind.step * AT_ONCE) {
        const ns = Array.from({ length: AT_ONCE }, (_, m) => n + m * kind.step);
        const runs = await Promise.all(ns.map((one) => underFault(name, kind, one)));
        for (const run of runs) expect(run.problems, `${name}, call ${run.n}`).toEqual([]);
        faults += runs.reduce((sum, run) => sum + run.injected, 0);
        refusals += runs.filter((run) => run.refused).length;
        more = runs.every((run) => run.injected > 0);
      }
      console.log(`I/O errors: ${name}: ${faults} faults, ${refusals} of them refused something`);
      expect(faults).toBeGreaterThan(3);
      expect(refusals).toBeGreaterThan(0);
    },
  );

  it('would be found out if it went on after a failure, or lost what it had acknowledged', async () => {
    const directory = join(root, 'control');
    const { said, injected } = await writeUnder(directory, { calls: 'fsync', error: 'EIO', when: '9' }, SESSIONS);
    expect(injected).toBe(1);
    const refused = said.findIndex((one) => one.refused);
    expect(misbehaviour(said, KINDS['a flush fails'] as Kind)).toEqual([]);
    const forged = { append: 999, position: 1000, count: 1 };
    expect(misbehaviour(said.toSpliced(refused + 1, 0, forged), KINDS['a flush fails'] as Kind)).not.toEqual([]);
    expect(misbehaviour([{ refused: 'unforeseen: x' }], KINDS['a flush fails'] as Kind)).not.toEqual([]);
    expect(await problemsIn(directory, [...said, forged])).not.toEqual([]);
  });
});

async function underFault(name: string, kind: Kind, n: number) {
  const directory = join(root, `${name.replaceAll(' ', '-')}-${n}`);
  const { said, injected } = await writeUnder(directory, { ...kind.fault, when: String(n) }, SESSIONS);
  const problems = [...misbehaviour(said, kind), ...(await problemsIn(directory, said))];
  rmSync(directory, { recursive: true, force: true });
  return { n, injected, problems, refused: said.some((one) => one.refused) };
}

/** Refusals for another reason, and what was written through a handle that had failed. */
function misbehaviour(said: readonly Said[], { codes, stops }: Kind): string[] {
  const strange = said.flatMap(({ refused }) => (refused && !codes.includes(refused) ? [refused] : []));
  const first = said.findIndex(({ append, refused }) => append !== undefined && refused);
  const end = said.findIndex(({ state }, n) => n > first && state !== undefined);
  const after = first < 0 || !stops ? [] : said.slice(first, end).filter(({ position }) => position !== undefined);
  const state = said[end]?.state;
  return [
    ...strange.map((code) => `was refused with ${code}`),
    ...after.map(({ append }) => `append ${append} was acknowledged after a failure`),
    ...(first >= 0 && state !== (stops ? 'read_only' : 'open') ? [`was ${state} after a failure`] : []),
  ];
}

describe('a server', () => {
  let product: Product;
  let disk: SmallDisk | undefined;
  const acknowledged: Acknowledged[] = [];
  afterEach(async () => {
    disk?.remove();
    disk = undefined;
    acknowledged.length = 0;
    expect(await product.end()).toEqual([]);
  });

  const set = (n: number) => ({ changes: { 'server.idleExitMs': 60_000 + n } });
  const change = async (n: number) =>
    void acknowledged.push(await product.operator.command('set_config', set(n), `c${n}`));
  const isWell = async () => (await product.operator.ask('/health')).status;
  const problems = async () => {
    const log = await eventsIn(product.data);
    return [...(await damageIn(product.data)), ...gapsIn(log), ...missingFrom(log, acknowledged)];
  };

  it.skipIf(noStrace)(
    `whose log cannot be flushed takes nothing more, also when the disk is well again, says so, and reads on${noStrace ? `: skipped, ${noStrace}` : ''}`,
    async () => {
      product = createProduct();
      const server = await product.up();
      for (let n = 0; n < 5; n++) await change(n);
      expect(await isWell()).toBe(200);

      const failing = await failFlushes(server.pid, product.data, join(product.root, 'trace'));
      expect(await product.operator.refused('set_config', set(10))).toMatchObject({
        status: 503,
        code: 'log.read_only',
      });
      expect(await isWell()).toBe(503);
      await failing.end();
      expect(failing.injected()).toBeGreaterThan(0);
      expect(await product.operator.refused('set_config', set(11))).toMatchObject({ code: 'log.read_only' });
      expect(await isWell()).toBe(503);
      expect((await product.operator.query<{ view: string }>('get_view', { view: 'queue' })).view).toBe('queue');

      await server.stop();
      const next = await product.up();
      expect(await isWell()).toBe(200);
      await change(12);
      expect(await next.stop()).toBe(0);
      expect(await problems()).toEqual([]);
    },
  );

  it.skipIf(noMount)(
    `on a full disk refuses commands and reads on, and goes on when there is room${noMount ? `: skipped, ${noMount}` : ''}`,
    async () => {
      product = createProduct();
      disk = mountSmallDisk(product.data, '80m');
      const server = await product.up();
      await change(0);
      // Still being laid by, it would give its room back.
      await until(
        () => (statSync(join(product.data, 'reserve'), { throwIfNoEntry: false })?.size ?? 0) === RESERVE_BYTES,
      );
      const filler = join(product.data, 'filler');
      const refused = await fillUntilRefused(filler);
      expect(refused).toMatchObject({ status: 507, code: 'log.disk_full' });
      expect((await product.operator.query<{ view: string }>('get_view', { view: 'queue' })).view).toBe('queue');
      rmSync(filler);
      await change(100_000);
      expect(await server.stop()).toBe(0);
      expect(await problems()).toEqual([]);
    },
  );

  /** The disk has no room for anything else, and then the log uses up what it had. */
  async function fillUntilRefused(filler: string) {
    fill(filler);
    for (let n = 1; ; n++) {
      const answer = await product.operator.ask('/api/commands/set_config', set(n), { 'idempotency-key': `c${n}` });
      const body = JSON.parse(answer.text) as Acknowledged & { error?: { code: string } };
      if (body.error) return { status: answer.status, code: body.error.code };
      acknowledged.push(body);
    }
  }
});

describe.skipIf(noMount)(`a file system that is read-only${noMount ? `: skipped, ${noMount}` : ''}`, () => {
  it('is refused as a failure of the disk, and the log is whole when it can be written again', async () => {
    const disk = mountSmallDisk(join(root, 'small'), '8m');
    try {
      const directory = join(disk.path, 'data');
      const open = () => openSqliteStore({ directory, clock: systemClock, reserveBytes: 0 });
      const event = {
        id: 'e0-0',
        type: 'Noted',
        v: 1,
        at: 1,
        data: { append: 0, count: 1 },
        meta: { actor: 'a', correlationId: 'c' },
      };
      const store = await open();
      await store.append('task-a', 'any', [event]);
      await store.close();
      disk.remount('ro');
      await expect(open()).rejects.toMatchObject({ code: 'log.read_only' });
      disk.remount('rw');
      expect(await problemsIn(directory, [{ append: 0, position: 1, count: 1 }])).toEqual([]);
    } finally {
      disk.remove();
    }
  });
});

function fill(path: string): void {
  const chunk = Buffer.alloc(64 * 1024, 1);
  const file = openSync(path, 'w', 0o600);
  try {
    for (let size = chunk.length; size > 0; ) {
      try {
        writeSync(file, chunk, 0, size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size >>= 4;
      }
    }
  } finally {
    closeSync(file);
  }
}
