import type { ActorHost } from '../actors/actor-host.ts';
import { type Failure, invalid, isFailure } from '../kernel/errors.ts';
import {
  type BestOfN,
  type BestOfNSpec,
  buildIdOf,
  type BuildRef,
  type Constraints,
  type Directive,
  directiveSchema,
  ownScorersIn,
  type Parameters,
  parseBuildId,
  parseWeights,
  SCORER_NAMES,
} from '../machines/best-of-n/index.ts';
import { presetOf, type Settings } from '../machines/config/index.ts';
import type { CommandBusParts, PreparationContext } from './command-bus.ts';
import { inspectRepository, type WorkflowInspection } from './inspection.ts';
import { DEFAULT_AGENT } from './prepare-start-workflow.ts';

interface Input {
  n: number;
  repository: string;
  goal?: string;
  from?: string;
  agents?: [string, ...string[]];
  models: Record<string, string[]>;
  score?: string;
  seed: number;
  earlyStop: boolean;
  constraints?: Constraints;
  criteria?: string[];
  parameters?: Omit<Parameters, 'agent'>;
  branch?: string;
  check?: string;
  merge: boolean;
  fromHead: boolean;
}

interface Parts {
  host: Pick<ActorHost, 'read'>;
  resolveId: CommandBusParts['resolveId'];
  inspection: WorkflowInspection;
  settings: () => Settings;
  runnerId?: string;
}

/** Looks at the repository, the agents and the check, and settles all that the candidates have in common. */
export function prepareStartBestOfN(parts: Parts) {
  const { inspection } = parts;
  return async (input: Input, { actorId }: PreparationContext): Promise<BestOfNSpec | Failure> => {
    const { score, scorers } = parts.settings().bestOfN;
    const weights = parseWeights(input.score ?? score, [...SCORER_NAMES, ...Object.keys(scorers)]);
    if (isFailure(weights)) return weights;
    const begun = await beginning(input, parts);
    if (isFailure(begun)) return begun;
    const { agents = [begun.directive.parameters.agent] } = input;
    for (const agent of new Set([begun.directive.parameters.agent, ...agents])) {
      const problem = inspection.agent(agent);
      if (problem) return problem;
    }
    const unread = modelProblem(input.models, begun.directive.parameters, agents, parts.settings());
    if (unread) return unread;
    const found = await inspectRepository(inspection, input);
    if (isFailure(found)) return found;
    const { repository, check, ...by } = found;
    if (check === null)
      return invalid(
        'check.none',
        'Candidates are judged by the repository’s own checks, and none was found: name one with --check.',
      );
    const own = ownScorersIn(weights, scorers);
    const { n, models, seed, earlyStop, merge } = input;
    return {
      ...{ bestOfNId: actorId, repository, n, agents, models, weights, seed, earlyStop, check, ...by, merge, ...begun },
      ...(Object.keys(own).length > 0 && { scorers: own }),
      ...(parts.runnerId !== undefined && { runnerId: parts.runnerId }),
    };
  };
}

/** A model that an agent is never told of would be a variant that is none. */
function modelProblem(
  models: Record<string, string[]>,
  { agent, model }: Parameters,
  agents: readonly string[],
  settings: Settings,
): Failure | null {
  const named = Object.keys(models).filter((name) => models[name]?.length);
  for (const name of new Set([...named, ...(model === null ? [] : [agent])])) {
    if (name !== agent && !agents.includes(name))
      return invalid('input.invalid', `There are models for the agent ${name}, which takes no part.`);
    if (!JSON.stringify(presetOf(name, settings.agents)).includes('{model}'))
      return invalid(
        'input.invalid',
        `The agent ${name} cannot be given a model: say where it takes one, by {model} in agents.${name}.argv, env or files.`,
      );
  }
  return null;
}

/** Variant 0, as it was said or as an earlier build had it. */
async function beginning(input: Input, parts: Parts): Promise<{ directive: Directive; from?: BuildRef } | Failure> {
  const { goal, from, agents: [agent] = [DEFAULT_AGENT], constraints, criteria, parameters } = input;
  if (from !== undefined) {
    if (constraints || criteria || parameters)
      return invalid(
        'input.invalid',
        `Constraints, criteria and parameters are those of ${from}: leave them out, or leave it out.`,
      );
    return earlier(from, goal, parts);
  }
  if (goal === undefined) return invalid('input.invalid', 'goal: say what to reach, or from which build to start.');
  return { directive: directiveSchema.parse({ goal, constraints, criteria, parameters: { ...parameters, agent } }) };
}

async function earlier(
  text: string,
  goal: string | undefined,
  { host, resolveId }: Parts,
): Promise<{ directive: Directive; from: BuildRef } | Failure> {
  const named = parseBuildId(text);
  if (isFailure(named)) return named;
  const bestOfNId = await resolveId('bon', named.bestOfNId);
  if (isFailure(bestOfNId)) return bestOfNId;
  const from = { bestOfNId, index: named.index };
  const { context } = await host.read<BestOfN>('bestOfN', bestOfNId);
  const build = context.candidates[from.index];
  if (!build) return invalid('best.no_such_build', `There is no build ${buildIdOf(from)}.`);
  return { directive: { ...build.directive, ...(goal !== undefined && { goal }) }, from };
}
