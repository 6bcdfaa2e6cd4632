import { lstat, readFile } from 'node:fs/promises';
import { lineOf } from '../../../../agents/repair/src/localise/coverage.ts';
import { lineStarts } from '../../../../agents/repair/src/localise/source-map.ts';
import { mulberry32 } from '../../../../agents/repair/src/patch/candidates.ts';
import type { Edit } from '../../../../agents/repair/src/patch/edit.ts';
import { enumerateMutants } from '../../../../agents/repair/src/patch/mutants.ts';
import { allChanged } from '../changed-lines.ts';
import type { SurvivingMutant } from '../mutation.ts';
import type { Change } from './read-change.ts';
import { insideOf } from './scene.ts';

const FILE_BYTES_MAX = 512 * 1024;
const MUTANTS_MAX = 5_000;

export interface PlannedMutant extends Omit<SurvivingMutant, 'ran'> {
  edit: Edit;
}

export interface Plan {
  /** In the order in which they are tried. */
  mutants: PlannedMutant[];
  /** The measured files as they are at the commit. */
  texts: Map<string, string>;
  unmeasured: string[];
}

/** Every mutant whose whole edit lies on changed lines, in an order that is the same for the same seed. */
export async function planMutants(checkout: string, change: Change, seed: number): Promise<Plan> {
  const plan: Plan = { mutants: [], texts: new Map(), unmeasured: [...change.unmeasured] };
  for (const { file, lines } of change.files) {
    const text = await readSource(checkout, file);
    if (text === null) plan.unmeasured.push(file);
    else {
      const starts = lineStarts(text);
      plan.texts.set(file, text);
      for (const { edit, mutator, before, after } of await enumerateMutants(file, text, () => true)) {
        const line = lineOf(text, edit.start);
        if (!allChanged(lines, line, lineOf(text, Math.max(edit.start, edit.end - 1)))) continue;
        const column = edit.start - (starts[line - 1] ?? 0) + 1;
        plan.mutants.push({ file, line, column, mutator, original: before, replacement: after, edit });
      }
    }
  }
  plan.mutants = shuffled(plan.mutants, seed).slice(0, MUTANTS_MAX);
  return plan;
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
