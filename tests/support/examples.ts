import {
  type BestOfNSpec,
  type BuildEnd,
  type Directive,
  directiveSchema,
  mutate,
  type Score,
  type Variant,
} from '../../src/machines/best-of-n/index.ts';
import type { Candidate, TrainSpec } from '../../src/machines/merge-train/index.ts';
import type { KeptTreeRecord, TaskSpec } from '../../src/machines/task/index.ts';
import type { CheckSummary, Delivery, WorkflowDefinition } from '../../src/machines/workflow/index.ts';
import { definitionSchema } from '../../src/machines/workflow/index.ts';

/** One plausible thing of each kind, for tests that care about a few of its fields only. */
export function taskSpec(differs: Partial<TaskSpec> = {}): TaskSpec {
  return {
    taskId: 'tsk_parser',
    workflowId: 'wfl_bugfix',
    repositoryId: 'rep_library',
    phase: 'fix',
    phaseIndex: 1,
    role: 'fix',
    title: 'Mend the parser',
    description: '',
    inputs: {},
    priority: 'medium',
    agent: 'repair',
    check: 'npm test',
    checks: 'own_failures',
    changes: 'required',
    allowedTools: ['update_task_status', 'report_progress'],
    attemptsMax: 2,
    roundsMax: 3,
    backoffMs: 2_000,
    parentTaskId: null,
    createdBy: 'operator',
    ...differs,
  };
}

export function keptTree(differs: Partial<KeptTreeRecord> = {}): KeptTreeRecord {
  return {
    turn: 1,
    base: 'c0',
    commit: 'c1',
    tree: 't1',
    ref: 'refs/heph/turns/tsk_parser/1',
    files: [{ path: 'src/parser.js', insertions: 1, deletions: 1 }],
    filesMore: 0,
    ...differs,
  };
}

export function checkSummary(status: CheckSummary['status'] = 'passed'): CheckSummary {
  return {
    command: 'npm test',
    commit: 'c1',
    status,
    exitCode: status === 'passed' ? 0 : 1,
    durationMs: 1_200,
    passed: 40,
    failed: status === 'passed' ? 0 : 1,
    skipped: 0,
    resultHash: null,
  };
}

export function definition(roundsMax = 2): WorkflowDefinition {
  return definitionSchema.parse({
    name: 'bugfix',
    title: 'Bug fix',
    rounds_max: roundsMax,
    phases: [
      { name: 'investigate', goal: 'The failures are grouped.', role: 'investigate', starts_with: 'one_task' },
      { name: 'fix', goal: 'Each group is mended.', role: 'fix' },
      { name: 'verify', goal: 'All is green.', role: 'verify', agent: 'none', on_red: 'fix' },
    ],
  });
}

export function workflowStart(workflowId = 'wfl_bugfix', roundsMax = 2) {
  return {
    workflowId,
    definition: definition(roundsMax),
    definitionHash: 'd0',
    goal: 'Make the tests pass',
    params: {},
    repository: { repositoryId: 'rep_library', path: '/repos/library', baseBranch: 'main', baseCommit: 'c0' },
    runBranch: 'heph/run/wfl_bugfix',
    agent: 'repair',
    check: 'npm test',
    merge: true,
  };
}

export function delivery(base: Delivery['base'] = 'moved'): Delivery {
  return { runBranch: 'heph/run/wfl_bugfix', commit: 'c9', baseBranch: 'main', base, reason: null };
}

export function train(differs: Partial<TrainSpec> = {}): TrainSpec {
  return {
    trainId: 'mtr_run',
    repositoryId: 'rep_library',
    kind: 'run',
    branch: 'heph/run/wfl_bugfix',
    path: '/repos/library',
    ...differs,
  };
}

export function revert(): NonNullable<Candidate['revert']> {
  return { brought: 'c0', check: 'npm test', baseline: null, baseCommit: 'c8', reason: 'It broke the import.' };
}

export function candidate(candidateId: string, differs: Partial<Candidate> = {}): Candidate {
  return {
    candidateId,
    workflowId: 'wfl_bugfix',
    taskId: 'tsk_parser',
    attempt: 1,
    commit: 'c1',
    message: 'Mend the parser',
    ...differs,
  };
}

export function directive(differs: Partial<Directive> = {}): Directive {
  return { ...directiveSchema.parse({ goal: 'Make the tests pass' }), ...differs };
}

/** Best of three by tests and time. */
export function contest(differs: Partial<BestOfNSpec> = {}): BestOfNSpec {
  return {
    bestOfNId: 'bon_parser',
    repository: { repositoryId: 'rep_library', path: '/repos/library', baseBranch: 'main', baseCommit: 'c0' },
    directive: directive(),
    n: 3,
    agents: ['repair'],
    models: {},
    weights: { tests: 1, time: 1 },
    seed: 1,
    earlyStop: false,
    check: 'npm test',
    merge: true,
    ...differs,
  };
}

const VARIANTS = mutate({ ...contest(), n: 8 });

export function contestVariant(index: number): Variant {
  return VARIANTS[index] as Variant;
}

export function buildEnd(index: number, differs: Partial<BuildEnd> = {}): BuildEnd {
  const { outcome = 'passed' } = differs;
  const kept = outcome === 'passed' || outcome === 'failed';
  return {
    index,
    outcome,
    reason: outcome === 'passed' ? '' : 'It did not work out.',
    commit: kept ? `c${index}` : null,
    tree: kept ? `t${index}` : null,
    changedLines: 4,
    check: null,
    buildMs: 60_000,
    testMs: 1_000,
    costUsd: 0,
    ...differs,
  };
}

export function contestScore(scorer: string, value: number): Score {
  return { scorer, value, words: `${scorer} is ${value}.`, evidence: null };
}

/** By the tests as given, and well by everything else. */
export function contestScores(tests: number): Score[] {
  return [contestScore('tests', tests), contestScore('time', 0.9), contestScore('agreement', 1)];
}
