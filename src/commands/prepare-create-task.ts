import type { ActorHost } from '../actors/actor-host.ts';
import { type Failure, invalid, isFailure, rejected } from '../kernel/errors.ts';
import { deriveId } from '../kernel/ids.ts';
import type { BestOfN, BestOfNSpec } from '../machines/best-of-n/index.ts';
import type { TaskSpec } from '../machines/task/index.ts';
import type { Phase, Workflow } from '../machines/workflow/index.ts';
import type { PreparationContext } from './command-bus.ts';
import { settleCandidates } from './settle-candidates.ts';

interface Input {
  workflowId?: string;
  phase: string;
  title: string;
  description: string;
  inputs: Record<string, unknown>;
  priority: TaskSpec['priority'];
  agent?: string;
  candidates?: number;
}

interface Parts {
  host: ActorHost;
  countTasks: (workflowId: string) => number;
  /** A failure when no agent of that name can be started. */
  agent: (name: string) => Failure | null;
}

/** Settles what a task inherits from its workflow and phase; the count of its workflow's tasks is bounded here. */
export function prepareCreateTask(parts: Parts) {
  return async (input: Input, { principal, actorId, commandId }: PreparationContext): Promise<TaskSpec | Failure> => {
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
    const candidates = await candidatesFor(input, { workflow, phase, actorId, commandId }, parts);
    if (isFailure(candidates)) return candidates;
    if (parts.countTasks(workflowId) + (candidates?.n ?? 0) >= limits.tasksPerWorkflowMax) {
      return rejected('workflow.too_many_tasks', `The workflow has ${limits.tasksPerWorkflowMax} tasks already.`);
    }
    const agent =
      phase.agent === 'none' || candidates
        ? null
        : (input.agent ?? (phase.agent === 'default' ? workflow.agent : phase.agent));
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
      ...(candidates && { candidates }),
      ...(workflow.takesOut && { takesOut: { commit: workflow.takesOut.commit } }),
      ...(workflow.phases.some((one) => one.name === phase.name) && { phaseRuns: true }),
    };
  };
}

interface Place {
  workflow: Workflow;
  phase: Phase;
  actorId: string;
  commandId: string;
}

/** What was settled of the candidates that are to work for the task; null when one agent does. */
async function candidatesFor(
  input: Input,
  place: Place,
  { host, agent }: Parts,
): Promise<BestOfNSpec | Failure | null> {
  const { workflow, phase, actorId, commandId } = place;
  if (input.candidates === undefined) return null;
  if (phase.agent === 'none' || phase.changes === 'none')
    return invalid('input.invalid', `The phase ${phase.name} takes no changes, so there is nothing to choose from.`);
  if (workflow.bestOfNId !== null && phase.candidates !== undefined) {
    const { context } = await host.read<BestOfN>('bestOfN', workflow.bestOfNId);
    if (context.spec && context.workflowId === null) return { ...context.spec, taskId: actorId };
  }
  const own = phase.agent === 'default' ? workflow.agent : phase.agent;
  const params = { ...workflow.params, ...(input.agent !== undefined && { agents: input.agent }) };
  return settleCandidates(
    {
      taskId: actorId,
      bestOfNId: deriveId('bon', [commandId], commandId),
      goal: input.description || input.title,
      n: input.candidates,
    },
    { ...workflow, params },
    { agent: own, agentProblem: agent, settings: host.config().settings },
  );
}
