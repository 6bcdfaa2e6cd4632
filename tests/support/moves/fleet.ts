import fc from 'fast-check';
import { move, pick, text, workflowId } from './move.ts';

const slotOf = pick('agt_1', 'agt_2', 'agt_3', 'agt_4', 'constructor');
export const fleet = fc.oneof(
  move('pause_fleet', { reason: text }),
  { weight: 2, arbitrary: move('resume_fleet', {}) },
  move('stop_all', { reason: text }),
  {
    weight: 8,
    arbitrary: move('grant_slot', {
      agentId: slotOf,
      taskId: 'tsk_1',
      workflowId,
      agent: pick('repair', 'claude', 'constructor'),
      attempt: 1,
    }),
  },
  { weight: 5, arbitrary: move('release_slot', { agentId: slotOf, outcome: pick('used', 'unused', 'died_at_once') }) },
);
