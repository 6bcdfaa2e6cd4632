import type { ActorHost } from '../actors/actor-host.ts';
import { type Failure, isFailure, rejected } from '../kernel/errors.ts';
import { type BestOfN, type OwnScorers, ownScorersIn, parseWeights } from '../machines/best-of-n/index.ts';
import type { Settings } from '../machines/config/index.ts';
import type { WorkflowInspection } from './inspection.ts';

interface Input {
  bestOfNId: string;
  score?: string;
  check?: string;
  judgesFrom?: string;
  measure: boolean;
}

interface Parts {
  host: ActorHost;
  inspection: Pick<WorkflowInspection, 'repository' | 'check'>;
  settings: () => Settings;
}

/** Finds the commit that the judges come from, and the user's own scorers as they are set now. */
export function prepareRescoreBestOfN({ host, inspection, settings }: Parts) {
  return async (input: Input): Promise<(Input & { scorers?: OwnScorers; judges?: string }) | Failure> => {
    const { spec } = (await host.read<BestOfN>('bestOfN', input.bestOfNId)).context;
    if (!spec) return rejected('best.not_open', 'There is no such best-of-N.');
    const badCheck = input.check === undefined ? null : inspection.check(input.check);
    if (badCheck) return badCheck;
    const weights = input.score === undefined ? spec.weights : parseWeights(input.score, null);
    if (isFailure(weights)) return weights;
    const scorers = ownScorersIn(weights, { ...spec.scorers, ...settings().bestOfN.scorers });
    const own = Object.keys(scorers).length > 0 ? { scorers } : {};
    if (input.judgesFrom === undefined) return { ...input, ...own };
    const request = { path: spec.repository.path, branch: input.judgesFrom, fromHead: true };
    const found = await inspection.repository(request);
    if (isFailure(found)) return found;
    return { ...input, ...own, judges: found.baseCommit };
  };
}
