import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { missingStrace } from '../support/debian.ts';
import { linesSaid, problemsIn, type Said } from '../support/log-ledger.ts';
import { createDisk } from '../support/power-cut/disk.ts';
import { FATES } from '../support/power-cut/fates.ts';
import { crash } from '../support/power-cut/inode.ts';
import { bytesOf, type Call, readTrace, straceWords } from '../support/power-cut/trace.ts';
import { seeded } from '../support/seeded.ts';

/**
 * P1 and P2 at a power cut. A program writes the log and blobs under strace; from its calls we know at every instant what
 * was only in the system's cache, and what it had acknowledged. Crash images are made for instants taken at random.
 */
const NIGHTLY = process.env.HEPH_TEST_NIGHTLY === '1';
const IMAGES = NIGHTLY ? 20_000 : 1000;
const CONTROL_IMAGES = 60;
const SEED = Number(process.env.HEPH_TEST_SEED ?? Date.now() % 1_000_000);
const TIMEOUT_MS = NIGHTLY ? 3_600_000 : 300_000;
/** Bursts of appends per opening. The last is long enough for the log to be checkpointed while it is written. */
const SESSIONS = ['12', '0', '20', '190'];
/** Checking every index of every image would take longer than all the rest. */
const VERIFIED_EVERY = 4;

const WRITER = fileURLToPath(new URL('../support/log-writer.ts', import.meta.url));
const skipped = missingStrace();
const root = mkdtempSync(join(tmpdir(), 'heph-power-'));
// In memory, where a flush costs nothing: thousands of images are opened, and none of them has to last.
const shop = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'heph-power-'));
afterAll(() => {
  for (const folder of [root, shop]) rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(skipped)(`a power cut (HEPH_TEST_SEED=${SEED})${skipped ? `: skipped, ${skipped}` : ''}`, () => {
  it(`loses nothing acknowledged and leaves nothing in part, in ${IMAGES} images`, {
    timeout: TIMEOUT_MS,
  }, async () => {
    const found = await cut('FULL', IMAGES);
    expect(found.images).toBe(IMAGES);
    expect(found.bad).toEqual([]);
    expect(found.acknowledged).toBeGreaterThan(300);
    expect(found.checked).toBeGreaterThan(IMAGES * 50);
    // Images in which everything is durable anyhow would prove nothing.
    for (const fate of Object.keys(FATES)) expect(found.fates[fate]).toBeGreaterThan(IMAGES / 4);
    console.log(`power cut: ${tell(found)}`);
  });

  it.each(['NORMAL', 'OFF'])('is noticed where the log waits less for the disk: %s', async (synchronous) => {
    const found = await cut(synchronous, CONTROL_IMAGES);
    console.log(`power cut, control with synchronous=${synchronous}: ${tell(found)}`);
    expect(found.bad.length).toBeGreaterThan(CONTROL_IMAGES / 4);
  });
});

interface Found {
  images: number;
  fates: Record<string, number>;
  changes: number;
  acknowledged: number;
  /** Acknowledged appends that were looked for, over all images. */
  checked: number;
  bad: string[];
}

async function cut(synchronous: string, images: number): Promise<Found> {
  const { calls, place } = traced(synchronous);
  const random = seeded(SEED);
  // The square favours the beginning, where the files are made and opened again and where an image is quickly read.
  const instants = Array.from({ length: images }, () => Math.floor(random() ** 2 * calls.length)).sort((a, b) => a - b);
  const disk = createDisk(place);
  const said: Said[] = [];
  const found: Found = { images: 0, fates: {}, changes: 0, acknowledged: 0, checked: 0, bad: [] };
  for (const [n, call] of calls.entries()) {
    disk.apply(call);
    if (isSpeech(call)) said.push(...linesSaid(bytesOf(call.args[1]).toString()));
    for (; instants[0] === n; instants.shift()) {
      const fates = Object.entries(FATES);
      const [name, fate] = fates[found.images % fates.length] as (typeof fates)[number];
      const image = join(shop, `image-${found.images++}`);
      crash(disk.root, image, fate(random));
      const problems = await problemsIn(join(image, 'data'), said, { verify: found.images % VERIFIED_EVERY === 0 });
      found.bad.push(...problems.slice(0, 1).map((problem) => `at call ${n}, ${name}: ${problem}`));
      found.fates[name] = (found.fates[name] ?? 0) + 1;
      found.checked += said.filter((one) => one.position).length;
      rmSync(image, { recursive: true });
    }
  }
  return { ...found, changes: disk.changes(), acknowledged: said.filter((one) => one.position).length };
}

/** Everything the writer did, from before the first file is there. */
function traced(synchronous: string): { calls: Call[]; place: string } {
  const place = mkdtempSync(join(root, 'place-'));
  const trace = join(root, `trace-${synchronous}`);
  const words = [process.execPath, WRITER, join(place, 'data'), synchronous, ...SESSIONS];
  const { status, stderr, stdout } = spawnSync('strace', [...straceWords(trace), ...words], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  expect(linesSaid(stdout).at(-1)).toEqual({ done: true });
  const all = readTrace(trace);
  // Before the first file there is nothing to lose.
  const first = all.findIndex(
    (call) => call.name.startsWith('mkdir') && bytesOf(call.args[0]).toString().startsWith(place),
  );
  expect(first).toBeGreaterThan(0);
  return { calls: all.slice(first), place };
}

function isSpeech({ name, args }: Call): boolean {
  return name === 'write' && args[0] === '1';
}

function tell({ images, fates, changes, acknowledged, checked, bad }: Found): string {
  return `${images} images (${JSON.stringify(fates)}) of ${changes} changes and ${acknowledged} acknowledged appends; ${checked} looked for; ${bad.length} images wrong`;
}
