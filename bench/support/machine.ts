import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { median } from '../measure.ts';

/** What the figures of a run depend on beside the code. */
export interface Machine {
  processor: string;
  cores: number;
  memoryGb: number;
  system: string;
  node: string;
  sqlite: string;
  git: string;
}

export function machineFacts(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.versions.node,
    sqlite: process.versions.sqlite ?? 'unknown',
    git: execFileSync('git', ['--version'], { encoding: 'utf8' })
      .trim()
      .replace(/^git version /, ''),
  };
}

/** Processes that wanted a core, averaged over the last minute. */
export function loadAverage(): number {
  return Math.round((loadavg()[0] as number) * 100) / 100;
}

const FLUSHES = 21;

/** How busy the machine is, and how slow its disk, at this moment. */
export function conditionsNow(): { load: number; flushMs: number } {
  return { load: loadAverage(), flushMs: flushMs() };
}

/** Milliseconds that one small append to a file takes until it is on the disk: what every durable figure contains. */
function flushMs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'heph-bench-'));
  const file = openSync(join(folder, 'flushed'), 'a');
  try {
    const taken = Array.from({ length: FLUSHES }, () => {
      const begun = performance.now();
      writeSync(file, 'x'.repeat(512));
      fdatasyncSync(file);
      return performance.now() - begun;
    });
    return Math.round(median(taken) * 100) / 100;
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}
