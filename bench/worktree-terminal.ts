import { type BenchOptions, compare, type Figure } from './measure.ts';
import { nearFloor } from './support/goals.ts';
import { withWorktrees } from './support/repository.ts';
import {
  bareFirstByte,
  firstByteIn,
  heldFirstByte,
  spareReady,
  untilReady,
  withTerminals,
} from './support/terminals.ts';

const ROUNDS = 15;
const ROUNDS_QUICK = 5;

/**
 * From an assigned task to the first byte of its agent, beside a bare `git clone --shared` and a bare PTY in it: with a
 * holder that was ready before, and as the server does it, with whatever holder is there by then.
 */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const rounds = quick ? ROUNDS_QUICK : ROUNDS;
  return [
    await bothReady('worktree and terminal ready, 100 files', { files: 100, spare: true, rounds }),
    await bothReady('… as the server does it', { files: 100, spare: false, rounds }),
    await bothReady('… and 2,000 files', { files: 2_000, spare: false, rounds: Math.min(rounds, 9) }),
  ];
}

function bothReady(
  subject: string,
  { files, spare, rounds }: { files: number; spare: boolean; rounds: number },
): Promise<Figure> {
  return withWorktrees(files, ({ prepare, clone }) =>
    withTerminals(async (hands, directory) => {
      let n = 0;
      const product = async () => {
        const request = firstByteIn(directory, '');
        if (spare) await spareReady(hands, request);
        return untilReady(async () => {
          hands.expectStart(request.taskId);
          return heldFirstByte(hands, { ...request, worktree: await prepare(request.taskId) });
        });
      };
      const floor = () => untilReady(() => bareFirstByte(clone(String(++n))));
      await product();
      await floor();
      return compare({ subject, unit: 'ms', goal: nearFloor(1.1, 5, 'ms') }, { product, floor }, rounds);
    }),
  );
}
