import { describe, expect, it } from 'vitest';
import { asTree } from './tree.ts';

const row = (taskId: string, parentTaskId: string | null = null, name = taskId) => ({ taskId, parentTaskId, name });
const shown = (rows: ReturnType<typeof row>[]) =>
  asTree(rows).map(({ row: one, depth }) => `${'.'.repeat(depth)}${one.name}`);

describe('the tree of agents', () => {
  it('puts those of child tasks behind those of their parent', () => {
    expect(shown([row('c', 'a'), row('a'), row('b'), row('d', 'c')])).toEqual(['a', '.c', '..d', 'b']);
  });

  it('begins anew where a parent has no agent here, and keeps every attempt', () => {
    expect(shown([row('x', 'gone'), row('a', null, 'a1'), row('a', null, 'a2'), row('b', 'a')])).toEqual([
      'x',
      'a1',
      'a2',
      '.b',
    ]);
  });

  it('shows each once when links go in a circle', () => {
    expect(
      shown([row('a', 'b'), row('b', 'a'), row('c', 'c')])
        .map((one) => one.replaceAll('.', ''))
        .sort(),
    ).toEqual(['a', 'b', 'c']);
  });
});
