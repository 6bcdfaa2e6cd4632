import fc from 'fast-check';
import { measured } from '../measures.ts';
import { move, pick, text } from './move.ts';

const agentId = 'agt_1';
const watched = {
  ...{ agentId, taskId: 'tsk_1', workflowId: 'wfl_1', repositoryId: 'rep_1', runnerId: 'local' },
  ...{ agent: 'claude', phase: 'fix', attempt: 1 },
};
const silent = (silentMs: number) => ({ silentMs, promisedMs: 1000, activity: 'working', running: null, busy: 0 });
const warning = pick('silence', 'loops', 'orphan');

export const guardian = fc.oneof(
  {
    weight: 4,
    arbitrary: move('judge_agent', {
      ...watched,
      measuredAt: fc.integer({ min: 0, max: 3_000_000 }),
      heldUntil: pick(null, 500),
      watchedSince: pick(0, 1_000_000),
      measured: pick(
        measured({}),
        measured({ silence: silent(5000) }),
        measured({ silence: { unknown: 'no runner' } }),
        measured({ loops: { times: 9, action: '$ ls', stale: 12 } }),
        measured({ outside_scope: { touched: 2, outside: 1, examples: ['a.js'], scope: 'src/**' } }),
      ),
    }),
  },
  move('report_orphan', { ...watched, reason: text, stopAfterMs: pick(null, 0, 1000) }),
  move('clear_warning', { agentId, warning, reason: text }),
  move('decide_stop', { agentId, warning: 'orphan', reason: text }),
);
