import { actorStreamOf } from '../../machines/carry-over.ts';
import { type Task, taskActor } from '../../machines/task/index.ts';
import { type Workflow, workflowActor } from '../../machines/workflow/index.ts';
import type { TaskFact } from '../../machines/task/index.ts';
import type { WorkflowFact } from '../../machines/workflow/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { defineProjection, type Moment, type Rendered, type Row } from '../define-projection.ts';
import { ageMs, type Evidence, evidenceOf } from '../evidence.ts';
import { foldLine, isOfTrain, newLine, placeInWords, type TrainEvent, type TrainLine } from '../train-line.ts';
import { type Overview, runnerGone } from './overview.ts';
import { resultOf } from './result.ts';

/** Everything known of one workflow. The actors' own reducers say what; a single workflow's events are few enough for that. */
export interface Detail {
  workflow: Workflow;
  status: string;
  evidence: Evidence | null;
  tasks: Map<string, { task: Task; status: string; evidence: Evidence; usageReported: boolean }>;
  /** By stream; of the base branch’s train what is of this workflow only. */
  trains: Map<string, TrainLine>;
  /** Of each start and end of a phase, in order. */
  phaseEvidence: Map<string, Evidence>;
}

export function foldDetail(state: Detail, event: StoredEvent): void {
  if (event.type in taskActor.facts) return foldTask(state, event as StoredEvent & TaskFact);
  if (event.type in workflowActor.facts) return foldWorkflow(state, event as StoredEvent & WorkflowFact);
  if (isOfTrain(event)) foldTrain(state, event);
}

/** The train into the run's own branch; it was opened before it was known whose it is. */
function foldTrain({ trains, workflow }: Detail, event: TrainEvent): void {
  const stream = actorStreamOf(event.stream);
  const train = trains.get(stream) ?? { ...newLine(), branch: workflow.runBranch };
  trains.set(stream, train);
  foldLine(train, event);
}

/** Where its work stands on the way into the run's branch, in words; null when it is not on it. */
function mergeOf(taskId: string, { trains }: Detail): string | null {
  for (const train of trains.values()) {
    const ahead = train.line.findIndex((one) => one.taskId === taskId);
    if (ahead !== -1) return placeInWords(train, ahead);
  }
  return null;
}

function foldTask(state: Detail, event: StoredEvent & TaskFact): void {
  const taskId = event.stream.slice(event.stream.indexOf('-') + 1);
  const before = state.tasks.get(taskId);
  const status = event.meta.to ?? before?.status ?? 'unknown';
  state.tasks.set(taskId, {
    task: taskActor.evolve(before?.task ?? taskActor.initial(), event, event.at),
    status,
    // A word of progress is no evidence of a state that it did not lead to.
    evidence:
      before && status === before.status && event.meta.from === event.meta.to ? before.evidence : evidenceOf(event),
    usageReported: before?.usageReported === true || event.type === 'UsageReported',
  });
}

function foldWorkflow(state: Detail, event: StoredEvent & WorkflowFact): void {
  state.workflow = workflowActor.evolve(state.workflow, event, event.at);
  if (event.type === 'PhaseStarted' || event.type === 'PhaseCompleted')
    state.phaseEvidence.set(`${event.data.phase} ${event.data.round}`, evidenceOf(event));
  const status = event.meta.to ?? state.status;
  if (status !== state.status) state.evidence = evidenceOf(event);
  state.status = status;
}

function render(state: Detail, _params: Record<string, unknown>, { asOf, whole }: Moment): Rendered {
  const { workflow, evidence } = state;
  const rows: Record<string, Row> = {};
  const counts: Record<string, number> = {};
  for (const [taskId, known] of state.tasks) {
    rows[taskId] = taskRow(taskId, known, state, asOf);
    counts[known.status] = (counts[known.status] ?? 0) + 1;
  }
  if (workflow.workflowId === '') return { rows, summary: { workflowId: null, status: 'unknown', counts } };
  const { definition, ...facts } = workflow;
  return {
    rows,
    summary: {
      ...facts,
      definition: { name: definition.name, title: definition.title, rounds_max: definition.rounds_max },
      result: resultOf(workflow, state.status),
      status: state.status,
      evidence,
      ageMs: evidence && ageMs(evidence, asOf),
      runnerGone: whole
        ? runnerGone((whole as Overview).lines.get(workflow.workflowId), whole as Overview, asOf)
        : null,
      phases: phases(state, asOf),
      counts,
      usage: usage(state),
      durationMs: Math.max(0, (workflow.endedAt ?? asOf) - workflow.startedAt),
    },
  };
}

export function taskRow(
  taskId: string,
  known: Detail['tasks'] extends Map<string, infer T> ? T : never,
  state: Detail,
  asOf: number,
): Row {
  const { task, status, evidence } = known;
  const { spec, submitted, tree, progress } = task;
  return {
    taskId,
    workflowId: spec.workflowId,
    phase: spec.phase,
    role: spec.role,
    title: spec.title,
    description: spec.description,
    inputs: spec.inputs,
    priority: spec.priority,
    agent: spec.agent,
    check: spec.check,
    checks: spec.checks,
    changes: spec.changes,
    parentTaskId: spec.parentTaskId,
    depth: depthOf(taskId, state),
    status,
    evidence,
    ageMs: ageMs(evidence, asOf),
    attempt: task.attempt,
    attemptsMax: spec.attemptsMax,
    round: task.rounds,
    roundsMax: spec.roundsMax,
    restarts: task.restarts,
    agentId: task.agentId,
    boosted: task.boosted,
    waits: task.waits,
    messages: (task.messages ?? []).map((one) => ({ ...one, ageMs: ageMs(one, asOf) })),
    progress: progress && { ...progress, ageMs: ageMs(progress, asOf) },
    feedback: task.feedback,
    acknowledged: task.acknowledged ?? null,
    correspondence: task.correspondence,
    reason: task.reason,
    code: task.code,
    result: submitted,
    checked: task.check,
    judge: task.judge ?? null,
    review: task.review ?? null,
    reviews: spec.review ?? null,
    given: task.given ?? null,
    validated: task.validated ?? null,
    tree: tree && { commit: tree.commit, ref: tree.ref, files: tree.files, filesMore: tree.filesMore },
    merging: status === 'merging' ? mergeOf(taskId, state) : null,
    merged: task.merged,
    usage: known.usageReported ? task.usage : null,
    createdAt: task.createdAt,
    createdBy: spec.createdBy,
  };
}

/** Every phase of the definition with its rounds; one that has not begun has none. */
function phases({ workflow, phaseEvidence }: Detail, asOf: number) {
  return workflow.definition.phases.map(({ name, goal, role }) => {
    const rounds = workflow.phases
      .filter((phase) => phase.name === name)
      .map(({ round, status, since }) => ({
        round,
        status,
        evidence: phaseEvidence.get(`${name} ${round}`) ?? null,
        ageMs: ageMs({ at: since }, asOf),
      }));
    return { name, goal, role, status: rounds.at(-1)?.status ?? 'not_started', rounds };
  });
}

/** Steps to the root of its tree. A parent that is not here, or a circle, ends the count. */
function depthOf(taskId: string, state: Detail): number {
  const seen = new Set<string>([taskId]);
  let parent = state.tasks.get(taskId)?.task.spec.parentTaskId ?? null;
  while (parent !== null && state.tasks.has(parent) && !seen.has(parent)) {
    seen.add(parent);
    parent = state.tasks.get(parent)?.task.spec.parentTaskId ?? null;
  }
  return seen.size - 1;
}

function usage(state: Detail) {
  const reported = [...state.tasks.values()].filter((known) => known.usageReported);
  if (reported.length === 0) return null;
  const sum = (of: keyof Task['usage']) => reported.reduce((total, { task }) => total + task.usage[of], 0);
  return {
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    costUsd: sum('costUsd'),
    wallMs: sum('wallMs'),
  };
}

export function initialDetail(): Detail {
  return {
    workflow: workflowActor.initial(),
    status: 'unknown',
    evidence: null,
    tasks: new Map(),
    trains: new Map(),
    phaseEvidence: new Map(),
  };
}

export const detailProjection = defineProjection<Detail>({
  name: 'workflow-detail',
  v: 6,
  init: initialDetail,
  fold: foldDetail,
  render,
});
