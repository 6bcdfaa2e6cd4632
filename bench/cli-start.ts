import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type BenchOptions, compare, type Figure, milliseconds } from './measure.ts';
import { builtProgram } from './support/built.ts';
import { inDirectory } from './raw-log.ts';
import { atMost, type Goal } from './support/goals.ts';
import { startIdle } from './support/idle-process.ts';

const ROUNDS = 21;
const ROUNDS_QUICK = 7;

/** The packed command line beside a Node that does nothing. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const heph = builtProgram();
  const beside = (subject: string, words: readonly string[], goal: Goal) =>
    compare(
      { subject, unit: 'ms', goal },
      { product: () => milliseconds(() => node([heph, ...words])), floor: () => milliseconds(() => node(['-e', '0'])) },
      quick ? ROUNDS_QUICK : ROUNDS,
    );
  return inDirectory(async (parent) => {
    const data = join(parent, 'data');
    const server = await startIdle(process.execPath, [heph, 'up', '--no-open', '--data', data]);
    try {
      return [
        await beside('CLI: heph --version', ['--version'], atMost(1.3)),
        await beside('CLI: heph task cancel --help', ['task', 'cancel', '--help'], atMost(3)),
        await beside('CLI: heph queue --json, server living', ['queue', '--json', '--data', data], atMost(3)),
      ];
    } finally {
      await server.stop();
    }
  });
}

/** Waits for a Node with these words. Throws when it fails: a failure is quick, and would look good. */
function node(words: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${words.join(' ')} ended with ${status}: ${stderr}`);
}
