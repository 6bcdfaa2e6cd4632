import { lineStarts } from '../../../../agents/repair/src/localise/source-map.ts';
import type { Edit } from '../../../../agents/repair/src/patch/edit.ts';
import { enumerateMutants } from '../../../../agents/repair/src/patch/mutants.ts';
import { allChanged } from '../changed-lines.ts';
import type { ChangedFile, SurvivingMutant } from '../mutation.ts';

export interface PlannedMutant extends Omit<SurvivingMutant, 'ran'> {
  edit: Edit;
}

export interface SourceFile extends ChangedFile {
  text: string;
}

/** Every mutant of a file whose whole edit lies on changed lines, in the order of place. */
export async function mutantsOfFile({ file, text, lines }: SourceFile): Promise<PlannedMutant[]> {
  const starts = lineStarts(text);
  const lineAt = (offset: number) => lineIn(starts, offset);
  const wanted = (_start: number, { start, end }: Edit) =>
    allChanged(lines, lineAt(start), lineAt(Math.max(start, end - 1)));
  const found = await enumerateMutants(file, text, wanted);
  return found
    .sort((a, b) => a.edit.start - b.edit.start || a.edit.end - b.edit.end)
    .map(({ start, edit, mutator, before, after }) => {
      const line = lineAt(edit.start);
      const lineStart = starts[line - 1] ?? 0;
      // Where the expression begins, if that is on the line that changes.
      const column = (start >= lineStart ? start : edit.start) - lineStart + 1;
      return { file, line, column, mutator, original: before, replacement: after, edit };
    });
}

/** The line (from 1) of an offset: how many lines start at or before it. */
function lineIn(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
