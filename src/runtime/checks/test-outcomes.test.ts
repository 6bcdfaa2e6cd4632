import { describe, expect, it } from 'vitest';
import { nodeOutcomes, vitestOutcomes } from './test-outcomes.ts';

const line = (kind: string, name: string, nesting: number, more: object = {}) =>
  JSON.stringify({ kind, name, nesting, file: '/r/x.test.js', suite: false, skipped: false, ...more });

describe('nodeOutcomes', () => {
  it('names a test by its file, suites and name, and leaves groups out', () => {
    const text = [
      line('start', 'suite', 0),
      line('start', 'one', 1),
      line('pass', 'one', 1),
      line('start', 'two', 1),
      line('fail', 'two', 1, { failureType: 'testCodeFailure', message: '\u001b[31mno\u001b[39m' }),
      line('fail', 'suite', 0, { suite: true, failureType: 'subtestsFailed' }),
      line('start', 'parent', 0),
      line('start', 'child', 1),
      line('pass', 'child', 1, { skipped: true }),
      line('pass', 'parent', 0),
      line('start', 'last', 0),
      line('pass', 'last', 0),
      '{"kind":"pa',
    ].join('\n');
    const seen = nodeOutcomes(text, '/r').map(({ id, status, message }) => [id, status, message]);
    expect(seen).toEqual([
      ['x.test.js > suite > one', 'passed', undefined],
      ['x.test.js > suite > two', 'failed', 'no'],
      ['x.test.js > parent > child', 'skipped', undefined],
      ['x.test.js > last', 'passed', undefined],
    ]);
  });

  it('tells a suite that failed by itself', () => {
    const text = [
      line('start', 'suite', 0),
      line('start', 'one', 1),
      line('pass', 'one', 1),
      line('fail', 'suite', 0, { suite: true, failureType: 'hookFailed', message: 'before failed' }),
    ].join('\n');
    expect(nodeOutcomes(text, '/r').at(-1)).toMatchObject({
      id: 'x.test.js > suite',
      status: 'failed',
      message: 'before failed',
    });
  });

  it.each([
    ['/r/sub/crash.test.js', undefined],
    ['sub/crash.test.js', undefined],
    ['sub/crash.test.js', '/r/sub/crash.test.js'],
    ['/r/sub/crash.test.js', '/r/sub/crash.test.js'],
  ])('names a crashed file by itself (%s, %s)', (name, file) => {
    const text = line('fail', name, 0, { file, failureType: 'testCodeFailure', message: 'test failed' });
    expect(nodeOutcomes(text, '/r')).toEqual([
      {
        id: 'sub/crash.test.js',
        file: 'sub/crash.test.js',
        name: 'sub/crash.test.js',
        status: 'failed',
        message: 'test failed',
      },
    ]);
  });

  it('numbers tests of the same name', () => {
    const text = [line('pass', 'same', 0), line('pass', 'same', 0)].join('\n');
    expect(nodeOutcomes(text, '/r').map(({ id }) => id)).toEqual(['x.test.js > same', 'x.test.js > same #2']);
  });
});

describe('vitestOutcomes', () => {
  it('reads tests and files that crashed', () => {
    const text = JSON.stringify({
      testResults: [
        {
          name: '/r/a.test.ts',
          status: 'failed',
          assertionResults: [
            { ancestorTitles: ['suite'], title: 'one', status: 'passed', failureMessages: [] },
            { ancestorTitles: [], title: 'two', status: 'failed', failureMessages: ['AssertionError'] },
            { ancestorTitles: [], title: 'three', status: 'pending' },
          ],
        },
        { name: '/r/b.test.ts', status: 'failed', message: 'SyntaxError', assertionResults: [] },
      ],
    });
    expect(vitestOutcomes(text, '/r')).toEqual([
      { id: 'a.test.ts > suite > one', file: 'a.test.ts', name: 'suite > one', status: 'passed' },
      { id: 'a.test.ts > two', file: 'a.test.ts', name: 'two', status: 'failed', message: 'AssertionError' },
      { id: 'a.test.ts > three', file: 'a.test.ts', name: 'three', status: 'skipped' },
      { id: 'b.test.ts', file: 'b.test.ts', name: 'b.test.ts', status: 'failed', message: 'SyntaxError' },
    ]);
  });

  it.each(['', '{', 'null', '[]', '{}'])('knows nothing from %j', (text) => {
    expect(vitestOutcomes(text, '/r')).toBeNull();
  });
});
