import { describe, expect, it } from 'vitest';
import type { TestOutcome } from '../runtime/runner.ts';
import { askable, countCross, countTests } from './test-counts.ts';

const test = (id: string, status: TestOutcome['status'] = 'passed'): TestOutcome => ({
  ...{ id, status },
  file: id.split(' > ')[0] ?? '',
  name: id.split(' > ')[1] ?? '',
});
const BASE = [test('a.js > one', 'failed'), test('a.js > two'), test('a.js > three', 'skipped')];
const none = new Set<string>();

describe('the tests that there were', () => {
  it('are counted by how they stand now', () => {
    const now = [test('a.js > one'), test('a.js > two', 'failed')];
    expect(countTests(now, BASE, none)).toEqual({ passed: 1, failed: 1, newlyFailing: 1 });
  });

  it('count as failed when they do not run any more, or nothing is told of them', () => {
    expect(countTests([test('a.js > one')], BASE, none)).toEqual({ passed: 1, failed: 1, newlyFailing: 1 });
    expect(countTests(null, BASE, none)).toEqual({ passed: 0, failed: 2, newlyFailing: 1 });
  });

  it('are not made green by telling of them twice', () => {
    const forged = [test('a.js > one', 'failed'), test('a.js > two', 'failed'), test('a.js > one'), test('a.js > two')];
    expect(countTests(forged, BASE, none)).toEqual({ passed: 0, failed: 2, newlyFailing: 1 });
    expect(countTests(forged.toReversed(), BASE, none)).toEqual({ passed: 0, failed: 2, newlyFailing: 1 });
  });

  it('gain nothing from many new ones that pass', () => {
    const padding = Array.from({ length: 100 }, (_none, n) => test(`mine.js > ${n}`));
    const now = [test('a.js > one', 'failed'), test('a.js > two'), ...padding];
    expect(countTests(now, BASE, none)).toEqual({ passed: 1, failed: 1, newlyFailing: 0 });
    expect(countTests(now, null, new Set(['mine.js']))).toEqual({ passed: 1, failed: 1, newlyFailing: 0 });
  });

  it('may have been a file that did not load', () => {
    const now = [test('a.js > one'), test('a.js > two')];
    expect(countTests(now, [test('a.js', 'failed')], none)).toEqual({ passed: 1, failed: 0, newlyFailing: 0 });
  });

  it('are not known where nothing told of single tests', () => {
    expect(countTests(null, null, none)).toBeNull();
  });
});

describe('tests that judge others', () => {
  const about = { files: ['new.js', 'a.js'], known: new Set(['a.js > two']), passed: true };

  it('are the new ones that their author’s code passes each time', () => {
    const first = [test('new.js > x'), test('new.js > flaky'), test('new.js > red', 'failed'), test('a.js > two')];
    const second = [test('new.js > x'), test('new.js > flaky', 'failed'), test('new.js > red', 'failed')];
    expect(askable([first, second], about)).toEqual({ asked: new Set(['new.js > x']) });
    expect(askable([second.slice(1), second.slice(1)], about)).toMatchObject({
      why: expect.stringContaining('each time'),
    });
    expect(askable([[test('a.js > two')], [test('a.js > two')]], about)).toEqual({ why: 'No test of it is new.' });
  });

  it('are the check as a whole where single tests are not known', () => {
    expect(askable([null, null], about)).toEqual({ asked: null });
    expect(askable([null, null], { ...about, passed: false })).toHaveProperty('why');
    expect(countCross(null, { tests: null, passed: true })).toEqual({ passed: 1, total: 1 });
    expect(countCross(null, { tests: null, passed: false })).toEqual({ passed: 0, total: 1 });
  });

  it('are counted file by file; one that cannot be loaded over the other’s code says nothing', () => {
    const asked = new Set(['new.js > x', 'new.js > y', 'more.js > z']);
    const tests = [test('new.js > x'), test('more.js', 'failed'), test('a.js > two', 'failed')];
    expect(countCross(asked, { tests, passed: false })).toEqual({ passed: 1, total: 2 });
    expect(countCross(asked, { tests: [test('more.js', 'failed')], passed: false })).toEqual({ passed: 0, total: 0 });
  });

  it('are not passed by telling of them twice', () => {
    const tests = [test('new.js > x', 'failed'), test('new.js > x')];
    expect(countCross(new Set(['new.js > x']), { tests, passed: true })).toEqual({ passed: 0, total: 1 });
  });
});
