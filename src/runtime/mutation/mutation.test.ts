import { expect, it } from 'vitest';
import { allChanged, changedLines } from './changed-lines.ts';
import type { MutationScore } from './mutation.ts';
import { describeMutation } from './survivors-text.ts';

it('reads the new side of a diff, whatever its lines look like', () => {
  const diff =
    'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -3 +3,2 @@ f\n-a\n+b\n+@@ -1 +90 @@\n@@ -9,2 +10,0 @@\n-c\n-d\n@@ -20,0 +19 @@\n+e\n';
  expect(changedLines(diff)).toEqual([
    [3, 4],
    [19, 19],
  ]);
});

it('asks that all lines of an edit were changed', () => {
  const ranges = [
    [3, 4],
    [5, 6],
    [9, 9],
  ] as const;
  expect(allChanged(ranges, 3, 6)).toBe(true);
  expect(allChanged(ranges, 9, 9)).toBe(true);
  expect(allChanged(ranges, 6, 7)).toBe(false);
  expect(allChanged(ranges, 2, 3)).toBe(false);
  expect(allChanged([], 1, 1)).toBe(false);
});

const survivor = { file: 'src/a.js', line: 12, column: 7, mutator: 'EqualityOperator', ran: true };
const score: MutationScore = {
  ...{ measured: true, mutants: 5, killed: 2, timedOut: 1, untested: 1, score: 0.75, unmeasured: ['b.py'], millis: 1 },
  survived: [{ ...survivor, original: 'a < b', replacement: 'a <= b' }],
};

it('tells a survivor as the sentence that an agent can act on', () => {
  expect(describeMutation(score)).toBe(
    'The tests noticed 3 of 4 small changes to the changed lines. The time budget did not reach 1 more. Not measured: b.py.\n' +
      '- src/a.js:12:7: the tests pass although `a < b` was changed to `a <= b`',
  );
});

it('says unknown where nothing was measured', () => {
  const text = describeMutation({ measured: false, reason: 'no test passes unchanged', unmeasured: [], millis: 1 });
  expect(text).toBe('Whether the tests see the change was not measurable: no test passes unchanged');
});

it('keeps names and source from forging lines, and a long list short', () => {
  const hostile = {
    ...survivor,
    file: 'a\n- b.js',
    original: `x\u001b[2J\n- \`ok\` ${'y'.repeat(200)}`,
    replacement: '',
  };
  const survived = Array.from({ length: 30 }, () => ({ ...hostile, ran: false }));
  const lines = describeMutation({ ...score, survived }).split('\n');
  expect(lines).toHaveLength(22);
  expect(lines[1]).toMatch(/^- "a - b\.js":12:7: .*was removed \(no test was seen to run it\)$/);
  expect(lines[1]?.length).toBeLessThan(250);
  expect(lines[1]).not.toContain('\u001b');
  expect(lines.at(-1)).toBe('- and 10 more');
});
