import type { ActorHost } from '../actors/actor-host.ts';
import { hashOf } from '../kernel/canonical.ts';
import { type Failure, invalid, isFailure } from '../kernel/errors.ts';
import { criteriaOf, type WorkflowDefinition } from '../machines/workflow/index.ts';
import type { PreparationContext } from './command-bus.ts';
import { inspectRepository, type WorkflowInspection } from './inspection.ts';
import { readCandidates } from './settle-candidates.ts';

interface Input {
  workflow: string;
  repository: string;
  goal: string;
  branch?: string;
  agent?: string;
  check?: string;
  merge: boolean;
  fromHead: boolean;
  params: Record<string, unknown>;
}

export const DEFAULT_AGENT = 'repair';

/** `runnerId`: whose work it will be, where several servers share the log. */
export function prepareStartWorkflow(parts: { host: ActorHost; inspection: WorkflowInspection; runnerId?: string }) {
  const { inspection } = parts;
  return async (input: Input, { actorId }: PreparationContext): Promise<unknown | Failure> => {
    const definition = await inspection.definition(input.workflow);
    if (isFailure(definition)) return definition;
    const params = checkedParams(definition, input.params);
    if (isFailure(params)) return params;
    const agent = input.agent ?? DEFAULT_AGENT;
    const { workers, reviewers } = agentsNamed(definition, agent);
    const problems = [
      ...workers.map((name) => inspection.agent(name)),
      ...reviewers.map((name) => inspection.agent(name, 'to_review')),
    ];
    const problem = problems.find((one) => one !== null);
    if (problem) return problem;
    if (params.best_of !== undefined) {
      const otherwise = { agent, agentProblem: inspection.agent, settings: parts.host.config().settings };
      const said = readCandidates(params.best_of, params, otherwise);
      if (isFailure(said)) return said;
    }
    const found = await inspectRepository(inspection, input);
    if (isFailure(found)) return found;
    const { repository, check, ...by } = found;
    if (check === null && asksForChecks(definition)) {
      return invalid(
        'check.none',
        `The workflow ${definition.name} judges by the repository’s own checks, and none was found: name one with --check.`,
      );
    }
    return {
      workflowId: actorId,
      definition,
      definitionHash: hashOf(definition),
      goal: input.goal,
      params,
      repository,
      runBranch: runBranchOf(actorId),
      agent,
      check,
      ...by,
      merge: input.merge,
      ...(parts.runnerId !== undefined && { runnerId: parts.runnerId }),
    };
  };
}

/** Everybody whom the definition asks to work, and to review; `agent`: who is meant where it names nobody. */
function agentsNamed({ phases, result }: WorkflowDefinition, agent: string) {
  const named = (name: string) => (name === 'default' ? agent : name);
  const workers = phases.map((phase) => phase.agent).filter((name) => name !== 'none');
  const reviews = [...phases.map(({ review }) => review), result.review].filter((review) => review !== undefined);
  return { workers: [agent, ...workers.map(named)], reviewers: reviews.map((review) => named(review.agent)) };
}

function asksForChecks(definition: WorkflowDefinition): boolean {
  const proved = criteriaOf(definition).some(({ proved_by }) => proved_by);
  return proved || definition.phases.some((phase) => phase.checks !== 'none');
}

/** The branch that a run's work is merged into. */
export function runBranchOf(workflowId: string): string {
  return `heph/run-${workflowId.slice(4)}`;
}

function checkedParams(
  definition: WorkflowDefinition,
  given: Record<string, unknown>,
): Record<string, unknown> | Failure {
  const known = new Map(definition.parameters.map((parameter) => [parameter.name, parameter]));
  for (const [name, value] of Object.entries(given)) {
    const parameter = known.get(name);
    if (!parameter)
      return invalid(
        'input.invalid',
        `The workflow ${definition.name} has no parameter ${name}; it has ${[...known.keys()].join(', ') || 'none'}.`,
        { parameter: name },
      );
    const wanted = parameter.type === 'number' || parameter.type === 'boolean' ? parameter.type : 'string';
    if (typeof value !== wanted)
      return invalid('input.invalid', `The parameter ${name} is a ${wanted}.`, { parameter: name });
  }
  const params: Record<string, unknown> = {};
  for (const { name, default: otherwise, required } of known.values()) {
    const value = given[name] ?? otherwise;
    if (required && value === null)
      return invalid('input.invalid', `The workflow ${definition.name} needs the parameter ${name}.`, {
        parameter: name,
      });
    params[name] = value;
  }
  return params;
}
