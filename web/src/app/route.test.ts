import { describe, expect, it } from 'vitest';
import { parseRoute, pathTo } from './route.ts';

describe('addresses', () => {
  it('name a screen, what of it, and how it is shown', () => {
    expect(parseRoute('/task/tsk_1', '?tab=diff&at=7')).toEqual({
      screen: 'task',
      rest: ['tsk_1'],
      query: { tab: 'diff', at: '7' },
    });
    expect(parseRoute('/', '')).toEqual({ screen: 'fleet', rest: [], query: {} });
  });

  it('are read as they were written', () => {
    const path = pathTo('task', ['a/b c?'], { agent: 'x&y', tab: undefined, turn: '' });
    expect(path).toBe('/task/a%2Fb%20c%3F?agent=x%26y');
    const { pathname, search } = new URL(path, 'http://localhost');
    expect(parseRoute(pathname, search)).toEqual({ screen: 'task', rest: ['a/b c?'], query: { agent: 'x&y' } });
  });

  it('that somebody made up break nothing', () => {
    expect(parseRoute('/task/%E0%A4%A', '?&&==').rest).toEqual(['%E0%A4%A']);
  });
});
