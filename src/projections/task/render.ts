import type { Task } from '../../machines/task/index.ts';
import type { Moment, Rendered, Row } from '../define-projection.ts';
import { ageMs, type Evidence } from '../evidence.ts';
import { ENDED_AGENT_STATES } from '../fleet/index.ts';
import { type Detail, taskRow } from '../workflow/index.ts';
import type { Attempt, History, Merge, Round, TaskHistories } from './state.ts';

/** Of a task that made many others, only the first so many are listed; the summary has how many there are. */
const CHILDREN_SHOWN_MAX = 200;

type Known = Detail['tasks'] extends Map<string, infer T> ? T : never;

/** The task itself is the summary; each row is something that happened to it, in order, or a task that belongs to it. */
export function renderTask(state: TaskHistories, taskId: string, { asOf }: Moment): Rendered {
  const known = state.detail.tasks.get(taskId);
  const history = state.histories.get(taskId);
  if (!known || !history) return { rows: {}, summary: { taskId: null, status: 'unknown' } };
  const children = childrenOf(state, taskId);
  const rows: Record<string, Row> = {
    ...keyed(
      'state',
      history.states,
      ({ evidence }) => evidence,
      (one, n) => stateRow(one, history.states[n + 1], asOf),
    ),
    ...keyed(
      'attempt',
      history.attempts,
      ({ assigned }) => assigned,
      (one) => attemptRow(one, state, asOf),
    ),
    ...keyed(
      'turn',
      history.turns,
      ({ evidence }) => evidence,
      (one) => ({ ...one, ageMs: ageMs(one.evidence, asOf) }),
    ),
    ...keyed(
      'round',
      history.rounds,
      ({ evidence }) => evidence,
      (one) => roundRow(one, state, asOf),
    ),
    ...keyed(
      'merge',
      history.merges,
      ({ queuedAt, candidateId }) => `${candidateId}@${queuedAt}`,
      (one) => mergeRow(one, asOf),
    ),
    ...keyed(
      'progress',
      history.progress,
      ({ evidence }) => evidence,
      (one) => ({ ...one, ageMs: ageMs(one.evidence, asOf) }),
    ),
  };
  for (const [childId, child] of children.slice(0, CHILDREN_SHOWN_MAX))
    rows[`child/${childId}`] = { kind: 'child', ...briefly(childId, child, asOf) };
  return {
    rows,
    summary: { ...taskRow(taskId, known, state.detail, asOf), ...around(taskId, known, state, children, asOf) },
  };
}

function keyed<T>(
  kind: string,
  list: readonly T[],
  key: (one: T) => Evidence | string,
  row: (one: T, n: number) => Row,
): Record<string, Row> {
  return Object.fromEntries(
    list.map((one, n) => {
      const by = key(one);
      return [`${kind}/${typeof by === 'string' ? by : by.position}`, { kind, ...row(one, n) }];
    }),
  );
}

function childrenOf({ detail }: TaskHistories, taskId: string): [string, Known][] {
  return [...detail.tasks].filter(([, { task }]) => task.spec.parentTaskId === taskId);
}

/** How long it lasted; the last one lasts still. */
function stateRow(one: History['states'][number], next: History['states'][number] | undefined, asOf: number): Row {
  return { ...one, ageMs: ageMs(one.evidence, asOf), durationMs: ageMs(one.evidence, next?.evidence.at ?? asOf) };
}

function attemptRow(one: Attempt, { fleet }: TaskHistories, asOf: number): Row {
  const agent = one.agentId === null ? undefined : fleet.agents.get(one.agentId);
  const hasEnded = agent !== undefined && ENDED_AGENT_STATES.includes(agent.status);
  const over = one.submitted ?? one.failure;
  const endedAt = hasEnded ? agent.evidence.at : agent === undefined && over ? over.evidence.at : null;
  return {
    ...{ attempt: one.attempt, agentId: one.agentId, agent: agent?.agent ?? null },
    // Null where the server itself does the work.
    ...{ agentStatus: agent?.status ?? null, agentEvidence: agent?.evidence ?? null, signal: agent?.signal ?? null },
    ...{ branch: agent?.branch ?? null, base: agent?.base ?? null, runnerId: agent?.runnerId ?? null },
    ...{ assigned: one.assigned, started: one.started, submitted: one.submitted, failure: one.failure },
    ...{ stop: agent?.stop ?? null, end: agent?.end ?? null, usage: one.usage },
    ...{ startedAt: one.started?.at ?? null, endedAt, evidence: agent?.evidence ?? one.assigned },
    durationMs: ageMs(one.assigned, endedAt ?? asOf),
    ageMs: ageMs(agent?.evidence ?? one.assigned, asOf),
  };
}

function roundRow(one: Round, { detail }: TaskHistories, asOf: number): Row {
  const reviewer = one.reviewId === null ? undefined : detail.tasks.get(one.reviewId);
  const { reviewId, ...round } = one;
  const review = reviewId && {
    ...{ taskId: reviewId, status: reviewer?.status ?? 'unknown', agentId: reviewer?.task.agentId ?? null },
    ...{ verdict: null, feedback: null, evidence: null, ...reviewer?.task.given },
  };
  return { ...round, review, ageMs: ageMs(one.evidence, asOf) };
}

function mergeRow(one: Merge, asOf: number): Row {
  return { ...one, ageMs: ageMs(one.evidence, asOf) };
}

/** Where it belongs: its run, its parent, its best-of-N. */
function around(
  taskId: string,
  { task }: Known,
  state: TaskHistories,
  children: readonly [string, Known][],
  asOf: number,
) {
  const { workflow, status, tasks } = state.detail;
  const { parentTaskId, candidate, candidates } = task.spec;
  const parent = parentTaskId === null ? undefined : tasks.get(parentTaskId);
  const { goal, runBranch, repository } = workflow;
  const { repositoryId, path, baseBranch, baseCommit } = repository;
  return {
    workflow: {
      ...{ workflowId: workflow.workflowId, name: workflow.definition.name, status, goal, runBranch },
      repository: { repositoryId, path, baseBranch, baseCommit },
    },
    model: task.spec.model ?? null,
    worktree: task.worktreeSince !== null,
    parent: parent && parentTaskId !== null ? briefly(parentTaskId, parent, asOf) : null,
    childrenCount: children.length,
    // It is a candidate of one, or several work for it.
    bestOfN: bestOfNOf(taskId, candidate, candidates),
  };
}

function bestOfNOf(taskId: string, candidate: Task['spec']['candidate'], candidates: Task['spec']['candidates']) {
  if (candidate) return { bestOfNId: candidate.bestOfNId, role: 'candidate', index: candidate.index };
  if (candidates) return { bestOfNId: candidates.bestOfNId, role: 'contest', index: null, n: candidates.n, taskId };
  return null;
}

function briefly(taskId: string, { task, status, evidence }: Known, asOf: number): Row {
  const { title, phase, role, agent, candidate, review } = task.spec;
  return {
    ...{ taskId, title, phase, role, agent, status, evidence, ageMs: ageMs(evidence, asOf) },
    ...{ candidate: candidate?.index ?? null, reviews: review !== undefined },
  };
}
