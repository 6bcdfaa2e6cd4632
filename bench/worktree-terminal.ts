import { type BenchOptions, compare, type Figure } from './measure.ts';
import { nearFloor } from './support/goals.ts';
import { withWorktrees } from './support/repository.ts';
import { bareFirstByte, heldFirstByte, spareReady, untilReady, withTerminals } from './support/terminals.ts';

const FILES = 100;
const ROUNDS = 15;
const ROUNDS_QUICK = 5;

/**
 * From an assigned task to the first byte of its agent, with one warm spare holder, beside a bare `git clone --shared`
 * and a bare PTY in it.
 */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  return [
    await withWorktrees(FILES, ({ prepare, clone }) =>
      withTerminals(1, async (hands, directory) => {
        let n = 0;
        const product = async () => {
          await spareReady();
          return untilReady(async () => heldFirstByte(hands, directory, await prepare(`tsk_${++n}`)));
        };
        const floor = () => untilReady(() => bareFirstByte(clone(String(++n))));
        await product();
        await floor();
        const about = {
          subject: `worktree and terminal ready, ${FILES} files`,
          unit: 'ms',
          goal: nearFloor(1.1, 5, 'ms'),
        };
        return compare(about, { product, floor }, quick ? ROUNDS_QUICK : ROUNDS);
      }),
    ),
  ];
}
