import type { ActorHost } from '../actors/actor-host.ts';
import { hashOf } from '../kernel/canonical.ts';
import { type Failure, isFailure, rejected } from '../kernel/errors.ts';
import type { BestOfN } from '../machines/best-of-n/index.ts';
import type { PreparationContext } from './command-bus.ts';
import type { WorkflowInspection } from './inspection.ts';
import { runBranchOf } from './prepare-start-workflow.ts';

/** The template whose first task the candidates work for. */
const TEMPLATE = 'best-of';

/** A run for a best-of-N that was started for itself. */
export function prepareBestOfNRun(parts: { host: Pick<ActorHost, 'read'>; inspection: WorkflowInspection }) {
  return async ({ bestOfNId }: { bestOfNId: string }, { actorId }: PreparationContext): Promise<unknown | Failure> => {
    const { value, context } = await parts.host.read<BestOfN>('bestOfN', bestOfNId);
    const { spec } = context;
    if (!spec || value !== 'planned') return rejected('best.not_open', `The best-of-N is ${value}.`);
    const definition = await parts.inspection.definition(TEMPLATE);
    if (isFailure(definition)) return definition;
    const { repository, directive, agents, check, tests, merge, runnerId, n } = spec;
    return {
      ...{ workflowId: actorId, definition, definitionHash: hashOf(definition), goal: directive.goal },
      ...{ repository, runBranch: runBranchOf(actorId), agent: agents[0], check, merge, bestOfNId },
      params: { best_of: n, seed: spec.seed, early_stop: spec.earlyStop, agents: agents.join(',') },
      ...(tests !== undefined && { tests }),
      ...(runnerId !== undefined && { runnerId }),
    };
  };
}
