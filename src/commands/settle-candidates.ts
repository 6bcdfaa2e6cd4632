import { type Failure, invalid, isFailure } from '../kernel/errors.ts';
import {
  type BestOfNSpec,
  CANDIDATES_MAX,
  directiveSchema,
  ownScorersIn,
  parseWeights,
  SCORER_NAMES,
} from '../machines/best-of-n/index.ts';
import type { Settings } from '../machines/config/index.ts';
import type { Workflow } from '../machines/workflow/index.ts';

/** What the parameters of a run say about candidates, those of them that its template has. */
interface Said {
  n: number;
  agents: string[];
  weights: BestOfNSpec['weights'];
  scorers?: BestOfNSpec['scorers'] & object;
  seed: number;
  earlyStop: boolean;
}

const SEED_MAX = 2_147_483_647;

/** Reads `agents`, `score`, `seed` and `early_stop` of a run's parameters. Answers Invalid with what is wrong. */
export function readCandidates(n: unknown, params: Record<string, unknown>, otherwise: Otherwise): Said | Failure {
  if (!isWhole(n, 1, CANDIDATES_MAX))
    return invalid('input.invalid', `There may be 1 to ${CANDIDATES_MAX} candidates, not ${JSON.stringify(n)}.`, {
      parameter: 'best_of',
    });
  const seed = params.seed ?? 1;
  if (!isWhole(seed, 0, SEED_MAX))
    return invalid('input.invalid', `A seed is a whole number from 0 to ${SEED_MAX}, not ${JSON.stringify(seed)}.`, {
      parameter: 'seed',
    });
  const agents = namesIn(params.agents) ?? [otherwise.agent];
  for (const agent of agents) {
    const problem = otherwise.agentProblem(agent);
    if (problem) return problem;
  }
  const { score, scorers } = otherwise.settings.bestOfN;
  const asked = typeof params.score === 'string' ? params.score : score;
  const weights = parseWeights(asked, [...SCORER_NAMES, ...Object.keys(scorers)]);
  if (isFailure(weights)) return weights;
  const own = ownScorersIn(weights, scorers);
  const count = { weights, ...(Object.keys(own).length > 0 && { scorers: own }) };
  return { n, agents, seed, earlyStop: params.early_stop === true, ...count };
}

interface Otherwise {
  agent: string;
  agentProblem: (name: string) => Failure | null;
  settings: Settings;
}

/** All that the candidates of a task have in common. */
export function settleCandidates(
  task: { taskId: string; bestOfNId: string; goal: string; n: number },
  workflow: Workflow,
  otherwise: Otherwise,
): BestOfNSpec | Failure {
  const { check, repository, merge, runnerId, params } = workflow;
  const said = readCandidates(task.n, params, otherwise);
  if (isFailure(said)) return said;
  if (check === null)
    return invalid('check.none', 'Candidates are judged by the repository’s own checks, and this run has none.');
  const { repositoryId, path, baseBranch, baseCommit } = repository;
  return {
    ...{ ...said, check, merge, models: {}, bestOfNId: task.bestOfNId, taskId: task.taskId },
    repository: { repositoryId, path, baseBranch, baseCommit },
    directive: directiveSchema.parse({ goal: task.goal, parameters: { agent: said.agents[0] } }),
    ...(runnerId !== null && { runnerId }),
  };
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function namesIn(text: unknown): string[] | null {
  const names = typeof text === 'string' ? text.split(',').map((name) => name.trim()) : [];
  const told = names.filter((name) => name !== '');
  return told.length > 0 ? told : null;
}
