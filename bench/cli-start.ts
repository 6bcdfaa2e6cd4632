import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { compare, type Figure } from './measure.ts';

const root = join(import.meta.dirname, '..');
const ROUNDS = 21;

/** Milliseconds until a Node with these words has ended. Throws when it fails: a failure is quick, and would look good. */
function milliseconds(words: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${words.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - start;
}

/** The packed command line beside a Node that does nothing. `npm run build` must have been run. */
export async function run(): Promise<Figure[]> {
  const heph = join(root, 'bin', 'heph.js');
  if (!existsSync(join(root, 'dist', 'cli.mjs'))) throw new Error('dist/ is missing: run `npm run build` first');
  const beside = (subject: string, words: readonly string[], goal: string) =>
    compare(
      { subject, unit: 'ms', goal },
      { product: async () => milliseconds([heph, ...words]), floor: async () => milliseconds(['-e', '0']) },
      ROUNDS,
    );
  return [
    await beside('CLI: heph --version', ['--version'], '≤ 1.3'),
    await beside('CLI: heph task cancel --help', ['task', 'cancel', '--help'], '≤ 3'),
  ];
}
