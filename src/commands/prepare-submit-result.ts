import type { ActorHost } from '../actors/actor-host.ts';
import { type Failure, invalid, isFailure, rejected } from '../kernel/errors.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import type { PreparationContext } from './command-bus.ts';

interface Input {
  workflowId?: string;
  summary: string;
  outputs: Record<string, unknown>;
  commit?: string;
}

/** A result is what the run's branch holds at this moment: whoever submits cannot name anything else. */
export function prepareSubmitResult(parts: {
  host: ActorHost;
  /** The tip of the run's branch, null when this server has none; a failure where it cannot be read. */
  tip: (workflow: Workflow) => Promise<string | null | Failure>;
}) {
  return async (input: Input, { principal }: PreparationContext) => {
    const workflowId = input.workflowId ?? principal.agent?.workflowId;
    if (workflowId === undefined) return invalid('input.invalid', 'submit_result needs a workflowId.');
    const { value, context: workflow } = await parts.host.read<Workflow>('workflow', workflowId);
    if (value !== 'active' && value !== 'paused') {
      const how = value === 'absent' ? 'does not exist' : `is ${value}`;
      return rejected('workflow.not_open', `The workflow ${workflowId} ${how}.`);
    }
    const tip = await parts.tip(workflow);
    if (isFailure(tip)) return tip;
    if (tip === null)
      return rejected(
        'result.not_on_branch',
        `The branch ${workflow.runBranch} is not here (yet); there is no result.`,
      );
    if (input.commit !== undefined && input.commit !== tip)
      return rejected('result.not_on_branch', `${workflow.runBranch} is at ${tip}, not at ${input.commit}.`);
    const { summary, outputs } = input;
    return { workflowId, summary, outputs, commit: tip, taskId: principal.agent?.taskId ?? null };
  };
}
