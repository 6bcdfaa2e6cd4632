import { describe, expect, it } from 'vitest';
import { type DiffAnswer, diffLines } from './diff.ts';

const file = (path: string, patch: string | null, more: object = {}): DiffAnswer['files'][number] => ({
  ...{ path, oldPath: null, status: 'modified', additions: 1, deletions: 1, patch, omitted: null, truncated: false },
  ...more,
});
const side = (kind: string) => ({ kind, turn: 1, id: 'c'.repeat(40) });
const answer = (files: DiffAnswer['files'], more: object = {}): DiffAnswer => ({
  ...{ from: side('base'), to: side('turn'), reason: null, additions: 3, deletions: 2, files, filesMore: 0 },
  ...more,
});

const PATCH = 'diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+two\n';

describe('a diff for people', () => {
  it('is what git would print, without colours in a pipe', () => {
    expect(diffLines(answer([file('a', PATCH)]), false)).toEqual(PATCH.trimEnd().split('\n'));
  });

  it('has colours on a terminal', () => {
    const lines = diffLines(answer([file('a', PATCH)]), true);
    expect(lines.slice(2)).toEqual([
      '\x1b[1m+++ b/a\x1b[0m',
      '\x1b[36m@@ -1 +1 @@\x1b[0m',
      '\x1b[31m-one\x1b[0m',
      '\x1b[32m+two\x1b[0m',
    ]);
  });

  it('lets no escape sequence of a file or its name through', () => {
    const evil = '\x1b]0;title\x07\x1b[31m\x9b2J';
    const patch = `diff --git a/a b/a\n@@ -0,0 +1,2 @@\n+${evil}x\r\n+\x1b]52;c;never ended\n+after\n`;
    const lines = diffLines(answer([file('a', patch), file(`b${evil}`, null, { omitted: 'binary' })]), false);
    expect(lines.join('\n')).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
    expect(lines).toContain('+x␍');
    expect(lines).toContain('+after');
    expect(lines.at(-1)).toBe('# b: a binary file');
  });

  it('says what was left out', () => {
    const files = [
      file('a', PATCH, { truncated: true }),
      file('b', null, { omitted: 'too_large' }),
      file('c', null, { omitted: 'over_limit' }),
    ];
    expect(diffLines(answer(files, { filesMore: 2 }), false).filter((line) => line.startsWith('#'))).toEqual([
      '# a goes on; ask for it with --path.',
      '# b: too large to be compared line by line',
      '# c: left out, for the whole is too long; ask for it with --path',
      '# 2 more files differ; ask for one with --path.',
    ]);
    expect(diffLines(answer([], { reason: 'No agent has begun with it.' }), false)).toEqual([
      'No agent has begun with it.',
    ]);
  });

  it('counts when only counts were asked for', () => {
    const counted = { omitted: 'not_asked', patch: null };
    const files = [file('a', null, counted), file('b', null, { ...counted, oldPath: 'old', additions: null })];
    expect(diffLines(answer(files, { from: side('base'), to: side('worktree') }), false)).toEqual([
      'file     what      lines',
      'a        modified  +1 −1',
      'old → b  modified  binary or large',
      '2 files, +3 −2: the living worktree against its base cccccccccc.',
    ]);
  });
});
