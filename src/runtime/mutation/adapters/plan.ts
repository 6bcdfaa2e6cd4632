import { lstat, readFile } from 'node:fs/promises';
import { mulberry32 } from '../../../../agents/repair/src/patch/chance.ts';
import type { Hands } from '../../worktrees/hands.ts';
import type { PlannedMutant, SourceFile } from './mutants-of-file.ts';
import { findMutants } from './mutator-thread.ts';
import type { Change } from './read-change.ts';
import { insideOf } from './scene.ts';

const FILE_BYTES_MAX = 512 * 1024;
const MUTANTS_MAX = 5_000;

export interface Plan {
  /** In the order in which they are tried. */
  mutants: PlannedMutant[];
  /** The measured files as they are at the commit. */
  texts: Map<string, string>;
  unmeasured: string[];
}

/** Every mutant of the changed lines, in an order that is the same for the same seed. `deadlineMs`: of the monotonic clock. */
export async function planMutants(
  hands: Pick<Hands, 'clock'> & { mutator: string },
  checkout: string,
  change: Change,
  { seed, deadlineMs }: { seed: number; deadlineMs: number },
): Promise<Plan> {
  const files: SourceFile[] = [];
  const unmeasured = [...change.unmeasured];
  for (const { file, lines } of change.files) {
    const text = await readSource(checkout, file);
    if (text === null) unmeasured.push(file);
    else files.push({ file, lines, text });
  }
  const found = await findMutants(hands.mutator, files, hands.clock, deadlineMs);
  unmeasured.push(...files.filter((_file, n) => found[n] === null).map(({ file }) => file));
  const mutants = shuffled(
    found.flatMap((some) => some ?? []),
    seed,
  ).slice(0, MUTANTS_MAX);
  return { mutants, texts: new Map(files.map(({ file, text }) => [file, text])), unmeasured };
}

/** Null for what is no plain file of ours, too large to be parsed here, or would not be written back byte for byte. */
async function readSource(checkout: string, file: string): Promise<string | null> {
  const path = await insideOf(checkout, file);
  const stat = await lstat(path);
  if (!stat.isFile() || stat.size > FILE_BYTES_MAX) return null;
  const bytes = await readFile(path);
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : null;
}

/** A budget that ends early then leaves a sample of the whole change, not its first file. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const chance = mulberry32(seed);
  return items
    .map((item) => ({ item, at: chance() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
