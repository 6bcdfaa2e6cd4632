import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type BenchOptions, compare, type Figure, milliseconds } from './measure.ts';
import { missingTurbo, runTurbo } from './peers/turbo.ts';
import { inDirectory } from './raw-log.ts';
import { builtProgram } from './support/built.ts';
import { atMost } from './support/goals.ts';
import { makePackages, PACKAGES, RUN_AFTER_CHANGE } from './support/packages.ts';

const FILES = 20_000;
const FILES_QUICK = 2_000;
const ROUNDS = 7;
const ROUNDS_QUICK = 5;

/** Null, or why the peer cannot be measured here. */
export const missing = missingTurbo;

/** The packed `heph check` beside Turborepo: the same packages that need each other, the same commands, as many at a time as there are cores. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const heph = builtProgram();
  const [files, rounds] = quick ? [FILES_QUICK, ROUNDS_QUICK] : [FILES, ROUNDS];
  return inDirectory(async (parent) => {
    const packages = makePackages(parent, files);
    const [data, cache] = [join(parent, 'data'), join(parent, 'turbo')];
    const cores = availableParallelism();
    /** A run that did not do what it is measured for would look good. */
    const timed = async (expected: number, work: () => void) => {
      packages.ran();
      const took = await milliseconds(work);
      const ran = packages.ran();
      if (ran !== expected) throw new Error(`${ran} packages were tested in place of ${expected}`);
      return took;
    };
    const product = (expected: number) => timed(expected, () => runHeph(heph, packages.root, data));
    const floor = (expected: number) => timed(expected, () => runTurbo(packages.root, cache, cores));
    const beside = (what: string, goal: number, expected: number, before: () => void) =>
      compare(
        {
          subject: `heph check, ${PACKAGES} packages, ${files} files, ${what}, beside Turborepo`,
          unit: 'ms',
          goal: atMost(goal),
        },
        { product: async () => (before(), product(expected)), floor: async () => (before(), floor(expected)) },
        rounds,
      );
    const forget = () => {
      for (const path of [join(data, 'checked'), cache]) rmSync(path, { recursive: true, force: true });
    };
    return [
      await beside('cold', 1.05, PACKAGES, forget),
      await floor(PACKAGES).then(() => beside('nothing changed', 1, 0, () => {})),
      await beside('one package changed', 1, RUN_AFTER_CHANGE, packages.change),
    ];
  });
}

function runHeph(heph: string, root: string, data: string): void {
  const { status, stderr } = spawnSync(process.execPath, [heph, 'check', '--data', data], {
    ...{ cwd: root, encoding: 'utf8' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`heph check ended with ${status}: ${stderr}`);
}
