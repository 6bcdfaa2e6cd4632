import { describe, expect, it } from 'vitest';
import { asTree, ended, sayingOf, type TaskRow } from './rows.ts';

const task = (taskId: string, parentTaskId: string | null = null) => ({ taskId, parentTaskId });

describe('the tree of tasks', () => {
  it('has each behind its parent, in the order in which they came', () => {
    const rows = [task('a'), task('b'), task('a1', 'a'), task('b1', 'b'), task('a2', 'a'), task('a11', 'a1')];
    expect(asTree(rows).map(({ taskId }) => taskId)).toEqual(['a', 'a1', 'a11', 'a2', 'b', 'b1']);
  });

  it('leaves nothing out, whatever the parents are', () => {
    const rows = [task('x', 'elsewhere'), task('p', 'q'), task('q', 'p'), task('self', 'self')];
    expect(asTree(rows)).toHaveLength(4);
  });
});

it('counts the ended of all', () => {
  expect(ended({ done: 3, failed: 1, queued: 2 })).toEqual({ ended: 4, all: 6 });
  expect(ended({})).toEqual({ ended: 0, all: 0 });
});

describe('what is said of a task', () => {
  const row = (more: Partial<TaskRow>) =>
    sayingOf({
      ...{ status: 'queued', progress: null, waits: [], reason: null, feedback: null, result: null },
      ...more,
    } as TaskRow);
  it('is what matters most in its state', () => {
    expect(row({ status: 'failed', reason: 'no', feedback: 'mend it' })).toBe('no');
    expect(row({ status: 'done', result: { summary: 'Mended.' }, progress: { message: 'x', fraction: 1 } })).toBe(
      'Mended.',
    );
    expect(row({ waits: [{ code: 'a', text: 'It waits.' }], feedback: 'mend it' })).toBe('It waits.');
    expect(row({ status: 'in_progress', progress: { message: 'half', fraction: 0.5 } })).toBe('50 %: half');
    expect(row({ feedback: 'mend it' })).toBe('mend it');
    expect(row({})).toBe('');
  });
});
