import { expect, test } from 'vitest';
import { parseReport } from '../src/suite/test-report.ts';

const line = (path: string[], state: string, more: Record<string, unknown> = {}) =>
  `${JSON.stringify({ file: '/r/test/a.test.js', path, state, container: false, message: null, ...more })}\n`;

test('names tests by their path and leaves out suites', () => {
  const text =
    line(['s', 'i', 't'], 'passed') +
    line(['s', 'i'], 'passed', { container: true }) +
    line(['u'], 'failed', { message: 'no' });
  expect(parseReport(text, '/r')).toEqual([
    { id: 'test/a.test.js > s > i > t', file: 'test/a.test.js', name: 's > i > t', state: 'passed', message: null },
    { id: 'test/a.test.js > u', file: 'test/a.test.js', name: 'u', state: 'failed', message: 'no' },
  ]);
});

test.each([[['/r/test/a.test.js']], [['test/a.test.js']], [[]]])('knows a file that fails itself, named %j', (path) => {
  expect(parseReport(line(path, 'failed', { message: 'x' }), '/r')).toEqual([
    { id: 'test/a.test.js', file: 'test/a.test.js', name: '', state: 'failed', message: 'x' },
  ]);
});

test('keeps tests of one name apart and ignores a line cut short', () => {
  const text = `${line(['t'], 'passed')}${line(['t'], 'failed')}{"file":"/r/te`;
  expect(parseReport(text, '/r').map(({ id, state }) => [id, state])).toEqual([
    ['test/a.test.js > t', 'passed'],
    ['test/a.test.js > t #2', 'failed'],
  ]);
});
