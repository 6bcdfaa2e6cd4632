import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../src/kernel/adapters/system.ts';
import { createRepositoryHands } from '../src/runtime/worktrees/adapters/repository-hands.ts';

export interface Row {
  subject: string;
  unit: string;
  product: number;
  floor: number;
  ratio: number;
  goal: string;
}

const ROUNDS = 15;
const FLOOR_ROUNDS_WARM = 3;

/** A worktree ready for its agent, beside a bare `git clone --shared` of the same mirror; medians of interleaved rounds. */
export async function run(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const files of [100, 2_000]) rows.push(await measure(files));
  return rows;
}

async function measure(files: number): Promise<Row> {
  const root = mkdtempSync(join(tmpdir(), 'heph-bench-'));
  try {
    const path = join(root, 'user');
    makeRepository(path, files);
    const hands = createRepositoryHands({
      directory: join(root, 'data'),
      clock: systemClock,
      random: systemRandom,
      log: { warn() {} },
      redact: (text) => text,
      environment: process.env,
    });
    const { repositoryId, baseCommit: commit } = await hands.inspectRepository({ path });
    await hands.openRun({ repositoryId, path, commit, runBranch: 'heph/run-1' });
    const mirror = join(root, 'data', 'repos', `${repositoryId}.git`);
    const product: number[] = [];
    const floor: number[] = [];
    for (let n = -FLOOR_ROUNDS_WARM; n < ROUNDS; n++) {
      const branch = `heph/tsk_${n + FLOOR_ROUNDS_WARM}`;
      const taskId = branch.slice('heph/'.length);
      const ours = await timed(() => hands.prepareWorktree({ taskId, repositoryId, branch, commit }));
      const args = ['clone', '--quiet', '--shared', '--branch', 'heph/run-1', mirror, join(root, `floor-${taskId}`)];
      const bare = await timed(async () => execFileSync('git', args));
      if (n < 0) continue;
      product.push(ours);
      floor.push(bare);
    }
    const [ready, bare] = [median(product), median(floor)];
    return {
      subject: `worktree ready, ${files} files`,
      unit: 'ms',
      product: round(ready),
      floor: round(bare),
      ratio: round(ready / bare),
      goal: `≤ 1.1 × floor + 5 ms = ${round(bare * 1.1 + 5)} ms`,
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function makeRepository(path: string, files: number): void {
  for (let n = 0; n < files; n++) {
    const folder = join(path, `folder-${n % 40}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${n}.js`), `export const value = ${n};\n`.repeat(40));
  }
  const git = (...args: string[]) => execFileSync('git', args, { cwd: path });
  git('init', '--quiet', '-b', 'main');
  git('add', '--all');
  git('-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', 'commit', '--quiet', '-m', 'First');
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const round = (value: number) => Math.round(value * 100) / 100;
