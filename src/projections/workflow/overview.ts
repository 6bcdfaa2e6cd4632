import type { TaskFact } from '../../machines/task/index.ts';
import type { Delivery, WorkflowFact } from '../../machines/workflow/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { defineProjection, type Rendered, type Row } from '../define-projection.ts';
import { ageMs, type Evidence, evidenceOf } from '../evidence.ts';
import { foldRunner, type HeardRunners, whyGone } from '../runners.ts';

/** A row for each workflow there has been, small, because all of them stay; and who works on them. */
export interface Overview {
  lines: Map<string, WorkflowLine>;
  runners: HeardRunners;
}

interface WorkflowLine {
  workflowId: string;
  name: string;
  title: string;
  goal: string;
  repository: string;
  baseBranch: string;
  runBranch: string;
  agent: string;
  /** Whose work it is; null where there is one runner only. */
  runnerId: string | null;
  status: string;
  evidence: Evidence;
  reason: string | null;
  phase: { name: string; round: number; status: string; evidence: Evidence } | null;
  /** How many tasks are in each state. */
  tasks: Record<string, number>;
  /** Null until something was reported. */
  usage: { inputTokens: number; outputTokens: number; costUsd: number; wallMs: number } | null;
  /** The last submission of its result. */
  result: { submission: number; status: string; evidence: Evidence } | null;
  delivery: Delivery | null;
  startedAt: number;
  endedAt: number | null;
}

const GOAL_SHOWN_MAX = 300;
const RESULT = {
  ...{ ResultSubmitted: 'submitted', ResultReviewRequested: 'in_review' },
  ...{ ResultAccepted: 'accepted', ResultRejected: 'rejected' },
} as const;

function fold({ lines, runners }: Overview, event: StoredEvent): void {
  foldRunner(runners, event);
  const fact = event as StoredEvent & (WorkflowFact | TaskFact);
  if (fact.type === 'WorkflowStarted') {
    lines.set(fact.data.workflowId, begun(fact.data, event));
    return;
  }
  const line = lines.get(event.meta.scope?.workflowId as string);
  if (!line) return;
  switch (fact.type) {
    case 'WorkflowPaused':
      return turn(line, event, fact.data.reason);
    case 'WorkflowResumed':
      return turn(line, event, null);
    case 'WorkflowCompleted':
      line.delivery = fact.data.delivery;
      return end(line, event, null);
    case 'WorkflowFailed':
      line.delivery = fact.data.delivery;
      return end(line, event, fact.data.reason);
    case 'WorkflowCancelled':
      return end(line, event, fact.data.reason);
    case 'WorkflowAdopted':
      line.runnerId = fact.data.runnerId;
      return;
    case 'PhaseStarted':
    case 'PhaseCompleted': {
      const status = fact.type === 'PhaseStarted' ? 'started' : fact.data.outcome;
      // As the run knows it: more is done after what was accepted.
      if (fact.type === 'PhaseStarted' && line.result?.status === 'accepted')
        line.result = { ...line.result, status: 'superseded', evidence: evidenceOf(event) };
      line.phase = { name: fact.data.phase, round: fact.data.round, status, evidence: evidenceOf(event) };
      return;
    }
    case 'ResultSubmitted':
    case 'ResultReviewRequested':
    case 'ResultAccepted':
    case 'ResultRejected':
      line.result = { submission: fact.data.submission, status: RESULT[fact.type], evidence: evidenceOf(event) };
      return;
    case 'UsageReported': {
      const { inputTokens, outputTokens, costUsd, wallMs } = fact.data;
      const before = line.usage ?? { inputTokens: 0, outputTokens: 0, costUsd: 0, wallMs: 0 };
      line.usage = {
        inputTokens: before.inputTokens + inputTokens,
        outputTokens: before.outputTokens + outputTokens,
        costUsd: before.costUsd + costUsd,
        wallMs: before.wallMs + wallMs,
      };
      return;
    }
    case 'TaskProgressed':
    case 'TreeKept':
    case 'TaskBoosted':
    case 'TaskPrioritySet':
    case 'MessageLeft':
      return;
    default:
      if (event.stream.startsWith('task-'))
        count(line.tasks, fact.type === 'TaskCreated' ? undefined : event.meta.from, event.meta.to);
  }
}

function begun(data: Extract<WorkflowFact, { type: 'WorkflowStarted' }>['data'], event: StoredEvent): WorkflowLine {
  return {
    workflowId: data.workflowId,
    name: data.definition.name,
    title: data.definition.title,
    goal: data.goal.slice(0, GOAL_SHOWN_MAX),
    repository: data.repository.path,
    baseBranch: data.repository.baseBranch,
    runBranch: data.runBranch,
    agent: data.agent,
    runnerId: data.runnerId ?? null,
    status: event.meta.to ?? 'active',
    evidence: evidenceOf(event),
    reason: null,
    phase: null,
    tasks: {},
    usage: null,
    result: null,
    delivery: null,
    startedAt: event.at,
    endedAt: null,
  };
}

function turn(line: WorkflowLine, event: StoredEvent, reason: string | null): void {
  line.status = event.meta.to ?? line.status;
  line.evidence = evidenceOf(event);
  line.reason = reason;
}

function end(line: WorkflowLine, event: StoredEvent, reason: string | null): void {
  turn(line, event, reason);
  line.endedAt = event.at;
}

function count(tasks: Record<string, number>, from: string | undefined, to: string | undefined): void {
  if (from === to) return;
  if (from !== undefined) tasks[from] = (tasks[from] ?? 0) - 1;
  if (from !== undefined && tasks[from] === 0) delete tasks[from];
  if (to !== undefined) tasks[to] = (tasks[to] ?? 0) + 1;
}

/** Why nobody can say that the workflow goes on, in a sentence; null for one that does, or has ended. */
export function runnerGone(line: WorkflowLine | undefined, { runners }: Overview, asOf: number): string | null {
  return line && line.endedAt === null ? whyGone(line.runnerId, runners, asOf) : null;
}

function render(state: Overview, _params: Record<string, unknown>, { asOf }: { asOf: number }): Rendered {
  const rows: Record<string, Row> = {};
  const counts: Record<string, number> = {};
  for (const line of state.lines.values()) {
    const { phase } = line;
    rows[line.workflowId] = {
      ...line,
      tasks: { ...line.tasks },
      phase: phase && { ...phase, ageMs: ageMs(phase.evidence, asOf) },
      runnerGone: runnerGone(line, state, asOf),
      ageMs: ageMs(line.evidence, asOf),
      durationMs: Math.max(0, (line.endedAt ?? asOf) - line.startedAt),
    };
    counts[line.status] = (counts[line.status] ?? 0) + 1;
  }
  return { rows, summary: { counts } };
}

export const overviewProjection = defineProjection<Overview>({
  name: 'workflow',
  v: 3,
  init: () => ({ lines: new Map(), runners: new Map() }),
  fold,
  render,
});
