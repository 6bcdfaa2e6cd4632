import fc from 'fast-check';
import { move, pick, text, workflowId } from './move.ts';

const agentId = 'agt_1';
const ofAgent = (name: string, fields: Record<string, unknown> = {}) => move(name, { agentId, ...fields });
const place = { branch: 'heph/tsk_1', commit: 'c0' };
/** As `given.ts` names commands, by the revision at which they come. */
const askId = fc.integer({ min: 3, max: 14 }).map((n) => `cmd_${String(n).padStart(26, '0')}`);
export const agent = fc.oneof(
  move('request_agent', {
    agentId,
    taskId: pick('tsk_1', 'tsk_2'),
    workflowId,
    repositoryId: 'rep_1',
    attempt: 1,
    agent: 'repair',
    runnerId: 'local',
    allowedTools: [],
    branch: pick(undefined, 'heph/tsk_1'),
    base: pick(undefined, 'c0'),
  }),
  ofAgent('stop_agent', { reason: text }),
  { weight: 3, arbitrary: ofAgent('message_agent', { text: pick('look', 'x'.repeat(300)) }) },
  ofAgent('interrupt_agent', { reason: text }),
  {
    weight: 6,
    arbitrary: ofAgent('record_delivery', {
      id: askId,
      effect: pick('output', 'nothing', 'ended', null),
      reason: text,
    }),
  },
  { weight: 3, arbitrary: ofAgent('prepare_agent', place) },
  { weight: 3, arbitrary: ofAgent('record_worktree', place) },
  {
    weight: 3,
    arbitrary: ofAgent('record_start', {
      prompt: { template: 't', version: 1, hash: 'h', memoryIds: [] },
      started: {
        ...{ holderPid: 1, pid: 2, startedAt: 3, bootId: 'b', tokenHash: 'h' },
        takes: { messages: 'line', interrupt: 'ctrl_c' },
      },
    }),
  },
  {
    weight: 6,
    arbitrary: ofAgent('record_activity', {
      activity: pick('working', 'idle', 'needs_input', 'rate_limited', 'no_signal'),
      evidence: text,
    }),
  },
  ofAgent('record_exit', { exit: { code: 0, signal: null, how: 'exited', livedMs: 5 } }),
  ofAgent('record_failure', { code: 'no', reason: text }),
  ofAgent('record_denial', { what: 'cancel_task', code: 'auth.role', text }),
  ofAgent('record_loss', { reason: text }),
);
