import { shellWords } from '../../kernel/words.ts';
import { GOAL_SHOWN_MAX, type Step } from './state.ts';

/** What a person can do about a matter. `shell` works as it stands, but for words in capitals. */
const step = (words: string, command: string | null, input: Record<string, unknown>, shell: string): Step => ({
  ...{ words, command, input, shell },
});

export const steps = {
  resumeFleet: () => step('Resume the fleet', 'resume_fleet', {}, 'heph fleet resume'),
  resumeRun: (workflowId: string) =>
    step('Resume the run', 'resume_workflow', { workflowId }, `heph workflow resume ${workflowId}`),
  cancelRun: (workflowId: string) =>
    step('Cancel the run', 'cancel_workflow', { workflowId }, `heph workflow cancel ${workflowId}`),
  restartTask: (taskId: string) => step('Restart the task', 'restart_task', { taskId }, `heph task restart ${taskId}`),
  stopAgent: (agentId: string) => step('Stop the agent', 'stop_agent', { agentId }, `heph agent stop ${agentId}`),
  messageAgent: (agentId: string) => step('Answer it', null, {}, `heph agent message ${agentId} "TEXT"`),
  attach: (agentId: string) => step('Look at its terminal', null, {}, `heph agent attach ${agentId}`),
  logs: (agentId: string) => step('Read its terminal', null, {}, `heph logs ${agentId}`),
  submitResult: (workflowId: string) =>
    step('Submit the result', null, {}, `heph result submit ${workflowId} --summary "TEXT"`),
  runAgain: ({ name, repository, goal }: { name: string; repository: string; goal: string }) =>
    step(
      ...(['Start it again', null, {}] as const),
      shellWords(['heph', 'run', name, '--repo', repository, '--goal', goal.length < GOAL_SHOWN_MAX ? goal : 'GOAL']),
    ),
  mergeByHand: (runBranch: string, repository: string) =>
    step('Merge the branch', null, {}, shellWords(['git', '-C', repository, 'merge', runBranch])),
  raiseBudget: () => step('Raise the budget', null, {}, `heph config set '{"budgets.costUsdMax": DOLLARS}'`),
};
