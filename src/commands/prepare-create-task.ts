import type { ActorHost } from '../actors/actor-host.ts';
import { type Failure, invalid, rejected } from '../kernel/errors.ts';
import type { TaskSpec } from '../machines/task/index.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import type { PreparationContext } from './command-bus.ts';

interface Input {
  workflowId?: string;
  phase: string;
  title: string;
  description: string;
  inputs: Record<string, unknown>;
  priority: TaskSpec['priority'];
  agent?: string;
}

/** Settles what a task inherits from its workflow and phase; the count of its workflow's tasks is bounded here. */
export function prepareCreateTask(parts: {
  host: ActorHost;
  countTasks: (workflowId: string) => number;
  /** A failure when no agent of that name can be started. */
  agent: (name: string) => Failure | null;
}) {
  return async (input: Input, { principal, actorId }: PreparationContext): Promise<TaskSpec | Failure> => {
    const workflowId = input.workflowId ?? principal.agent?.workflowId;
    if (workflowId === undefined) return invalid('input.invalid', 'create_task needs a workflowId.');
    const { value, context: workflow } = await parts.host.read<Workflow>('workflow', workflowId);
    if (value !== 'active' && value !== 'paused')
      return rejected(
        'workflow.not_open',
        `The workflow ${workflowId} ${value === 'absent' ? 'does not exist' : `is ${value}`}.`,
      );
    const { definition } = workflow;
    const phaseIndex = definition.phases.findIndex((phase) => phase.name === input.phase);
    const phase = definition.phases[phaseIndex];
    if (!phase)
      return rejected(
        'workflow.no_such_phase',
        `There is no phase ${input.phase}; there are ${definition.phases.map((one) => one.name).join(', ')}.`,
      );
    const { limits } = parts.host.config().settings;
    if (parts.countTasks(workflowId) >= limits.tasksPerWorkflowMax) {
      return rejected('workflow.too_many_tasks', `The workflow has ${limits.tasksPerWorkflowMax} tasks already.`);
    }
    const agent =
      phase.agent === 'none' ? null : (input.agent ?? (phase.agent === 'default' ? workflow.agent : phase.agent));
    const problem = agent === null ? null : parts.agent(agent);
    if (problem) return problem;
    return {
      taskId: actorId,
      workflowId,
      repositoryId: workflow.repository.repositoryId,
      phase: phase.name,
      phaseIndex,
      role: phase.role,
      title: input.title,
      description: input.description,
      inputs: input.inputs,
      priority: input.priority,
      agent,
      check: workflow.tests ?? workflow.check,
      checks: phase.checks,
      changes: phase.changes,
      allowedTools: phase.allowed_tools,
      attemptsMax: limits.attemptsMax,
      roundsMax: limits.validationRoundsMax,
      backoffMs: limits.backoffMs,
      parentTaskId: principal.agent?.taskId ?? null,
      createdBy: principal.id,
      acknowledges: true,
      ...(workflow.phases.some((one) => one.name === phase.name) && { phaseRuns: true }),
    };
  };
}
