import { describe, expect, it } from 'vitest';
import { type DiffFile, diffRows } from './diff-rows.ts';
import { visibleText } from './visible-text.ts';

const PATCH = `diff --git a/a.js b/a.js
index 1..2 100644
--- a/a.js
+++ b/a.js
@@ -1,4 +1,5 @@ function a
 one
-two
-three
+2
+3
+3.5
 four
`;

function file(change: Partial<DiffFile> = {}): DiffFile {
  return {
    ...{ path: 'a.js', oldPath: null, status: 'modified', oldMode: '100644', newMode: '100644' },
    ...{ additions: 3, deletions: 2, binary: false, patch: PATCH, omitted: null, truncated: false },
    ...change,
  } as DiffFile;
}

const shown = (rows: ReturnType<typeof diffRows>) =>
  rows.flatMap((row) =>
    row.type === 'line'
      ? [[row.old && `${row.old.line} ${row.old.text}`, row.new && `${row.new.line} ${row.new.text}`]]
      : [],
  );

describe('the rows of a diff', () => {
  it('are, unified, the lines in their order with the numbers of their sides', () => {
    const rows = diffRows([file()], false);
    expect(rows.slice(0, 2)).toEqual([
      { type: 'file', file: 0 },
      { type: 'hunk', file: 0, text: '@@ -1,4 +1,5 @@ function a' },
    ]);
    expect(shown(rows)).toEqual([
      ['1 one', '1 one'],
      ['2 two', null],
      ['3 three', null],
      [null, '2 2'],
      [null, '3 3'],
      [null, '4 3.5'],
      ['4 four', '5 four'],
    ]);
  });

  it('are, split, what was removed beside what came in its place', () => {
    expect(shown(diffRows([file()], true))).toEqual([
      ['1 one', '1 one'],
      ['2 two', '2 2'],
      ['3 three', '3 3'],
      [null, '4 3.5'],
      ['4 four', '5 four'],
    ]);
  });

  it('say what is not shown, and whether more can be asked for', () => {
    const notes = (one: DiffFile) => diffRows([one], false).flatMap((row) => (row.type === 'note' ? [row] : []));
    expect(notes(file({ patch: null, omitted: 'over_limit' }))).toMatchObject([{ more: true }]);
    expect(notes(file({ patch: null, omitted: 'binary' }))).toMatchObject([{ more: false }]);
    expect(notes(file({ truncated: true }))).toMatchObject([{ text: 'It goes on.', more: true }]);
    expect(notes(file({ newMode: '100755' }))).toMatchObject([{ text: 'Mode 100644 → 100755' }]);
  });

  it('keep apart what an agent wrote to look like a diff', () => {
    const hostile = `diff --git a/x b/x
index 1..2 100644
--- a/x
+++ b/x
@@ -1,2 +1,3 @@
 a
+diff --git a/y b/y
++++ b/y
 b
`;
    expect(shown(diffRows([file({ patch: hostile })], false))).toEqual([
      ['1 a', '1 a'],
      [null, '2 diff --git a/y b/y'],
      [null, '3 +++ b/y'],
      ['2 b', '4 b'],
    ]);
  });
});

describe('visible text', () => {
  it('names what a reader would not see, and leaves the rest', () => {
    expect(visibleText('plain\ttext ✓')).toEqual([{ text: 'plain\ttext ✓', hidden: false }]);
    expect(visibleText('a\u202Eb\u0000')).toEqual([
      { text: 'a', hidden: false },
      { text: 'U+202E', hidden: true },
      { text: 'b', hidden: false },
      { text: 'U+0000', hidden: true },
    ]);
  });
});
