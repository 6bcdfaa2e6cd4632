// @vitest-environment node
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Matter } from './matters.ts';

/** The router looks at the page's address when it is loaded. */
let subject: typeof import('./matters.ts');
beforeAll(async () => {
  vi.stubGlobal('location', { pathname: '/', search: '', origin: 'http://page' });
  vi.stubGlobal('window', { addEventListener: () => {} });
  subject = await import('./matters.ts');
});

const matter = (matterId: string, more: Partial<Matter> = {}): Matter => ({
  ...{ matterId, kind: 'run_failed', title: 'Run failed', text: 'red', blocks: false, steps: [] },
  ...{ workflowId: null, taskId: null, agentId: null },
  evidence: { eventId: 'evt_1', position: '1', type: 'WorkflowFailed', at: 0 },
  ...more,
});

describe('what is new', () => {
  it('is nothing at the first look, and then each matter once', () => {
    const first = subject.newsOf(null, [matter('a')]);
    expect(first.fresh).toEqual([]);
    const second = subject.newsOf(first.known, [matter('a'), matter('b')]);
    expect(second.fresh.map(({ matterId }) => matterId)).toEqual(['b']);
    // Settled and looked at again: it is no news.
    const third = subject.newsOf(second.known, []);
    expect(subject.newsOf(third.known, [matter('b')]).fresh).toEqual([]);
  });
});

it('goes from one that waits to the next, round and round', () => {
  const all = [matter('a'), matter('b')];
  expect(subject.nextMatter(all, null)?.matterId).toBe('a');
  expect(subject.nextMatter(all, 'a')?.matterId).toBe('b');
  expect(subject.nextMatter(all, 'b')?.matterId).toBe('a');
  expect(subject.nextMatter(all, 'settled')?.matterId).toBe('a');
  expect(subject.nextMatter([], 'a')).toBeNull();
});

it.each([
  [{ taskId: 'tsk_1', workflowId: 'wfl_1', agentId: 'agt_1' }, '/task/tsk_1?agent=agt_1'],
  [{ workflowId: 'wfl_1' }, '/workflows/wfl_1'],
  [{ kind: 'fleet_paused' }, '/queue'],
  [{ kind: 'merge_stuck' }, '/inbox'],
])('leads to where it can be looked into: %o', (more, path) => {
  expect(subject.placeOf(matter('a', more))).toBe(path);
});
