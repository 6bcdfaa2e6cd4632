import type { Workflow } from '../machines/workflow/index.ts';
import { type Process, settled } from './define-process.ts';
import type { Entity } from './entity.ts';

/** A workflow that has used more than its budget is paused; raising the budget and resuming it goes on. */
export const budgets: Process = {
  name: 'budgets',
  concurrency: () => 4,
  obligations(entity, world) {
    if (entity.kind !== 'workflow' || entity.value !== 'active') return [];
    const workflow = entity as Entity<Workflow>;
    const { costUsdMax, tokensMax } = world.settings.budgets;
    const { costUsd, tokens } = world.usageOf(workflow.id);
    const over = [
      ...(costUsdMax > 0 && costUsd > costUsdMax ? [`${costUsd.toFixed(2)} USD of ${costUsdMax}`] : []),
      ...(tokensMax > 0 && tokens > tokensMax ? [`${tokens} tokens of ${tokensMax}`] : []),
    ];
    if (over.length === 0) return [];
    const reason = `The budget is used up: ${over.join(', ')}. Raise it with set_config and resume.`;
    return [
      {
        key: `budget:${workflow.id}:${workflow.last.id}`,
        act: async ({ send }) => void (await settled(send('pause_workflow', { workflowId: workflow.id, reason }))),
      },
    ];
  },
};
