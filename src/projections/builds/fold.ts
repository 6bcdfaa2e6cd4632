import { hashOf } from '../../kernel/canonical.ts';
import { type BestOfNFact, formatWeights } from '../../machines/best-of-n/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { evidenceOf } from '../evidence.ts';
import type { BuildLine, BuildsState, RunLine } from './state.ts';

const STREAMS = 'bestOfN-';
const TEXT_SHOWN_MAX = 300;
const HASH_SHOWN = 16;

export function foldBuilds({ runs }: BuildsState, event: StoredEvent): void {
  if (!event.stream.startsWith(STREAMS)) return;
  const fact = event as StoredEvent & BestOfNFact;
  const bestOfNId = event.stream.slice(STREAMS.length);
  if (fact.type === 'BestOfNStarted') {
    runs.set(bestOfNId, begun(bestOfNId, fact.data, event));
    return;
  }
  const run = runs.get(bestOfNId);
  if (!run) return;
  const status = event.meta.to ?? run.status;
  if (status !== run.status) run.evidence = evidenceOf(event);
  run.status = status;
  foldFact(run, fact);
}

function foldFact(run: RunLine, fact: StoredEvent & BestOfNFact): void {
  switch (fact.type) {
    case 'MutationStarted':
      run.workflowId = fact.data.workflowId;
      return;
    case 'VariantPlanned':
      run.builds[fact.data.index] = planned(fact.data, fact.at);
      return;
    case 'BuildStarted':
      return change(run, fact.data.index, { taskId: fact.data.taskId });
    case 'BuildEnded': {
      const { index, outcome, reason, commit, changedLines, costUsd, buildMs, testMs } = fact.data;
      const measured = { commit, changedLines, costUsd, buildMs, testMs };
      return change(run, index, { outcome, reason: reason.slice(0, TEXT_SHOWN_MAX), ...measured });
    }
    case 'CandidateScored':
      return change(run, fact.data.index, { total: fact.data.total });
    case 'WinnerSelected': {
      const { winner, ranking, words } = fact.data;
      run.verdict = { winner, ranking: ranking.map(({ index }) => index), words };
      return;
    }
    case 'VerdictReached': {
      const { verdict, winner, differs } = fact.data;
      run.rescored.push({ verdict, winner, differs });
      return;
    }
    case 'BestOfNCompleted':
      run.endedAt = fact.at;
      return;
    case 'BestOfNFailed':
    case 'BestOfNCancelled':
      run.endedAt = fact.at;
      run.reason = fact.data.reason.slice(0, TEXT_SHOWN_MAX);
  }
}

function begun(
  bestOfNId: string,
  data: Extract<BestOfNFact, { type: 'BestOfNStarted' }>['data'],
  event: StoredEvent,
): RunLine {
  return {
    bestOfNId,
    goal: data.directive.goal.slice(0, TEXT_SHOWN_MAX),
    repository: data.repository.path,
    n: data.n,
    agents: data.agents,
    score: formatWeights(data.weights),
    from: data.from ?? null,
    workflowId: null,
    status: event.meta.to ?? 'planned',
    evidence: evidenceOf(event),
    reason: null,
    builds: [],
    verdict: null,
    rescored: [],
    startedAt: event.at,
    endedAt: null,
  };
}

function planned(variant: Extract<BestOfNFact, { type: 'VariantPlanned' }>['data'], at: number): BuildLine {
  const { index, directive, mutators, words } = variant;
  const { agent, model } = directive.parameters;
  return {
    ...{ index, words, agent, model, mutators },
    directive: hashOf(directive).slice(0, HASH_SHOWN),
    taskId: null,
    outcome: null,
    reason: '',
    commit: null,
    changedLines: 0,
    costUsd: null,
    buildMs: 0,
    testMs: 0,
    total: null,
    plannedAt: at,
  };
}

function change(run: RunLine, index: number, changes: Partial<BuildLine>): void {
  const build = run.builds[index];
  if (build) Object.assign(build, changes);
}
