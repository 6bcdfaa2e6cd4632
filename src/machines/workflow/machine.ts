import { type Chart, stays } from '../define-actor.ts';
import type { WorkflowDefinition } from './definition.ts';
import type { CheckSummary } from './check-summary.ts';
import type { Delivery, TakesOut, WorkflowFact } from './events.ts';
import { afterPhaseStart, evolveResults } from './evolve-results.ts';
import type { RunResult } from './result.ts';

export interface WorkflowPhase {
  name: string;
  round: number;
  status: 'started' | 'green' | 'red' | 'empty';
  since: number;
}

export interface Workflow {
  workflowId: string;
  definition: WorkflowDefinition;
  goal: string;
  params: Record<string, unknown>;
  repository: { repositoryId: string; path: string; baseBranch: string; baseCommit: string };
  runBranch: string;
  agent: string;
  check: string | null;
  /** The command that runs the tests, where `check` is a graph of checks that has one. */
  tests?: string;
  /** It is there to take this merge out. */
  takesOut?: TakesOut;
  merge: boolean;
  /** Whose work it is; null where there is one runner only. */
  runnerId: string | null;
  /** The best-of-N that it was started for. */
  bestOfNId: string | null;
  /** The last time that another runner took it over. */
  adopted: { from: string; reason: string; at: number } | null;
  runOpened: boolean;
  baseline: CheckSummary | null;
  /** Every start of a phase, in order; the last one is the current. */
  phases: WorkflowPhase[];
  /** Every submission of the run's result, in order; the last one counts. */
  results: RunResult[];
  delivering: { commit: string } | null;
  delivery: Delivery | null;
  reason: string | null;
  startedAt: number;
  endedAt: number | null;
}

const growing = [
  'RunOpened',
  'BaselineRecorded',
  'PhaseStarted',
  'PhaseCompleted',
  'ResultSubmitted',
  'ResultReviewRequested',
  'ResultAccepted',
  'ResultRejected',
  'DeliveryStarted',
  'WorkflowAdopted',
];
const ends = { WorkflowCompleted: 'completed', WorkflowFailed: 'failed', WorkflowCancelled: 'cancelled' };

export const workflowChart: Chart = {
  initial: 'absent',
  states: {
    absent: { on: { WorkflowStarted: 'active' } },
    active: { on: { ...stays('active', ...growing), ...ends, WorkflowPaused: 'paused' } },
    // What was under way when it was paused still reports; only nothing new starts.
    paused: {
      on: {
        ...stays('paused', 'RunOpened', 'BaselineRecorded', 'WorkflowAdopted'),
        WorkflowResumed: 'active',
        ...ends,
      },
    },
    // Its last agents and worktrees may outlive the server that it belonged to.
    completed: { on: stays('completed', 'WorkflowAdopted') },
    failed: { on: stays('failed', 'WorkflowAdopted') },
    cancelled: { on: stays('cancelled', 'WorkflowAdopted') },
  },
};

const NONE: Workflow = {
  workflowId: '',
  definition: {
    name: '',
    title: '',
    description: '',
    parameters: [],
    result: { criteria: [] },
    rounds_max: 1,
    phases: [],
  },
  goal: '',
  params: {},
  repository: { repositoryId: '', path: '', baseBranch: '', baseCommit: '' },
  runBranch: '',
  agent: '',
  check: null,
  merge: false,
  runnerId: null,
  bestOfNId: null,
  adopted: null,
  runOpened: false,
  baseline: null,
  phases: [],
  results: [],
  delivering: null,
  delivery: null,
  reason: null,
  startedAt: 0,
  endedAt: null,
};
export const noWorkflow = (): Workflow => NONE;

export function evolveWorkflow(workflow: Workflow, fact: WorkflowFact, at: number): Workflow {
  switch (fact.type) {
    case 'WorkflowStarted': {
      const { definitionHash: _hash, startedBy: _by, runnerId = null, bestOfNId = null, ...data } = fact.data;
      return { ...workflow, ...data, runnerId, bestOfNId, startedAt: at };
    }
    case 'RunOpened':
      return { ...workflow, runOpened: true };
    case 'BaselineRecorded':
      return { ...workflow, baseline: fact.data.check };
    case 'PhaseStarted':
      return {
        ...workflow,
        phases: [...workflow.phases, { name: fact.data.phase, round: fact.data.round, status: 'started', since: at }],
        results: afterPhaseStart(workflow.results, fact.data.mends, at),
      };
    case 'PhaseCompleted':
      return {
        ...workflow,
        phases: workflow.phases.map((phase) =>
          phase.name === fact.data.phase && phase.round === fact.data.round
            ? { ...phase, status: fact.data.outcome, since: at }
            : phase,
        ),
      };
    case 'WorkflowPaused':
      return { ...workflow, reason: fact.data.reason };
    case 'WorkflowResumed':
      return { ...workflow, reason: null };
    case 'ResultSubmitted':
    case 'ResultReviewRequested':
    case 'ResultAccepted':
    case 'ResultRejected':
      return { ...workflow, results: evolveResults(workflow.results, fact, { at, phases: workflow.phases.length }) };
    case 'DeliveryStarted':
      return { ...workflow, delivering: { commit: fact.data.commit } };
    case 'WorkflowCompleted':
      return { ...workflow, delivery: fact.data.delivery, endedAt: at };
    case 'WorkflowFailed':
      return { ...workflow, delivery: fact.data.delivery, reason: fact.data.reason, endedAt: at };
    case 'WorkflowCancelled':
      return { ...workflow, reason: fact.data.reason, endedAt: at };
    case 'WorkflowAdopted': {
      const { from, runnerId, reason } = fact.data;
      return { ...workflow, runnerId, adopted: { from, reason, at } };
    }
  }
}
