import { type BenchOptions, compare, type Figure, milliseconds } from './measure.ts';
import { nearFloor } from './support/goals.ts';
import { withWorktrees } from './support/repository.ts';

const ROUNDS = 15;
const ROUNDS_QUICK = 5;

/** A worktree ready for its agent, beside a bare `git clone --shared` of the same mirror. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const files of [100, 2_000]) figures.push(await measure(files, quick ? ROUNDS_QUICK : ROUNDS));
  return figures;
}

function measure(files: number, rounds: number): Promise<Figure> {
  return withWorktrees(files, async ({ prepare, clone }) => {
    let n = 0;
    const product = () => milliseconds(() => prepare(`tsk_${++n}`));
    const floor = async () => milliseconds(() => clone(String(++n)));
    await product();
    await floor();
    const about = { subject: `worktree ready, ${files} files`, unit: 'ms', goal: nearFloor(1.1, 5, 'ms') };
    return compare(about, { product, floor }, rounds);
  });
}
