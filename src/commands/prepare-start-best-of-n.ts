import { type Failure, invalid, isFailure } from '../kernel/errors.ts';
import {
  type BestOfNSpec,
  type Constraints,
  ownScorersIn,
  type Parameters,
  parseWeights,
  SCORER_NAMES,
} from '../machines/best-of-n/index.ts';
import type { Settings } from '../machines/config/index.ts';
import type { PreparationContext } from './command-bus.ts';
import { inspectRepository, type WorkflowInspection } from './inspection.ts';

interface Input {
  n: number;
  repository: string;
  goal: string;
  agents: [string, ...string[]];
  models: Record<string, string[]>;
  score?: string;
  seed: number;
  earlyStop: boolean;
  constraints: Constraints;
  criteria: string[];
  parameters: Omit<Parameters, 'agent'>;
  branch?: string;
  check?: string;
  merge: boolean;
  fromHead: boolean;
}

/** Looks at the repository, the agents and the check, and settles all that the candidates have in common. */
export function prepareStartBestOfN(parts: {
  inspection: WorkflowInspection;
  settings: () => Settings;
  runnerId?: string;
}) {
  const { inspection } = parts;
  return async (input: Input, { actorId }: PreparationContext): Promise<BestOfNSpec | Failure> => {
    const { score, scorers } = parts.settings().bestOfN;
    const weights = parseWeights(input.score ?? score, [...SCORER_NAMES, ...Object.keys(scorers)]);
    if (isFailure(weights)) return weights;
    for (const agent of input.agents) {
      const problem = inspection.agent(agent);
      if (problem) return problem;
    }
    const found = await inspectRepository(inspection, input);
    if (isFailure(found)) return found;
    const { repository, check } = found;
    if (check === null)
      return invalid(
        'check.none',
        'Candidates are judged by the repository’s own checks, and none was found: name one with --check.',
      );
    const own = ownScorersIn(weights, scorers);
    const { n, goal, agents, models, seed, earlyStop, constraints, criteria, merge } = input;
    return {
      ...{ bestOfNId: actorId, repository, n, agents, models, weights, seed, earlyStop, check, merge },
      directive: { goal, constraints, criteria, parameters: { ...input.parameters, agent: agents[0] } },
      ...(Object.keys(own).length > 0 && { scorers: own }),
      ...(parts.runnerId !== undefined && { runnerId: parts.runnerId }),
    };
  };
}
