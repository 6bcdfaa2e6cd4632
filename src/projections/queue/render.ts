import { ageMs } from '../evidence.ts';
import type { Moment, Rendered, Row } from '../define-projection.ts';
import { goneReason, type LineNow, reasonsOf } from './reasons.ts';
import { line, openTasks, type QueuedTask, type QueueState, RUNNING_STATES } from './state.ts';

/** One row for each open task: who works on it, or why nobody does. */
export function renderQueue(state: QueueState, params: Record<string, unknown>, { asOf }: Moment): Rendered {
  const places = line(state, asOf);
  const now: LineNow = {
    places: new Map(places.map((place) => [place.task.taskId, place])),
    merges: mergePlaces(state),
    asOf,
  };
  const rows: Record<string, Row> = {};
  const counts: Record<string, number> = {};
  const byReason: Record<string, number> = {};
  // Those that run, then the line in its order, then everything else.
  for (const task of [...openTasks(state)].sort(shown(now))) {
    if (params.workflowId !== undefined && task.workflowId !== params.workflowId) continue;
    const row = rowOf(task, state, now);
    rows[task.taskId] = row;
    counts[task.status] = (counts[task.status] ?? 0) + 1;
    for (const { code } of row.reasons) byReason[code] = (byReason[code] ?? 0) + 1;
  }
  return { rows, summary: { ...fleetSummary(state, asOf), open: Object.keys(rows).length, counts, byReason } };
}

function rowOf(task: QueuedTask, state: QueueState, now: LineNow) {
  const gone = goneReason(state.workflows.get(task.workflowId), state, now.asOf) !== null;
  const running = RUNNING_STATES.includes(task.status) && !gone;
  const { taskId, workflowId, phase, phaseIndex, title, priority, boosted, agent, parentTaskId } = task;
  return {
    taskId,
    workflowId,
    phase,
    phaseIndex,
    title,
    priority,
    boosted,
    agent,
    parentTaskId,
    running,
    status: task.status,
    evidence: task.evidence,
    ageMs: ageMs(task.evidence, now.asOf),
    attempt: task.attempt,
    agentId: running ? task.agentId : null,
    position: now.places.get(taskId)?.position ?? null,
    notBefore: task.notBefore > now.asOf ? task.notBefore : null,
    reasons: running
      ? []
      : reasonsOf(task, state, now).map((reason) => ({
          ...reason,
          ageMs: reason.evidence ? ageMs(reason.evidence, now.asOf) : null,
        })),
  };
}

function fleetSummary({ fleet, slots, stopped, config }: QueueState, asOf: number) {
  const { cap, perAgent } = config.settings.fleet;
  return {
    slots: {
      used: slots.size,
      cap,
      free: Math.max(0, cap - slots.size),
      perAgent,
      held: [...slots].map(([agentId, slot]) => ({ agentId, ...slot, ageMs: ageMs(slot.evidence, asOf) })),
    },
    fleet: { ...fleet, ageMs: fleet.evidence ? ageMs(fleet.evidence, asOf) : null },
    stoppedAgents: [...stopped].map(([agent, why]) => ({ agent, ...why, ageMs: ageMs(why.evidence, asOf) })),
  };
}

function mergePlaces(state: QueueState): LineNow['merges'] {
  const places = new Map<
    string,
    { train: QueueState['trains'] extends Map<string, infer T> ? T : never; ahead: number }
  >();
  for (const train of state.trains.values())
    train.line.forEach(({ taskId }, ahead) => taskId !== null && places.set(taskId, { train, ahead }));
  return places;
}

function shown(now: LineNow): (a: QueuedTask, b: QueuedTask) => number {
  const rank = (task: QueuedTask) =>
    RUNNING_STATES.includes(task.status) ? 0 : (now.places.get(task.taskId)?.position ?? Number.MAX_SAFE_INTEGER);
  return (a, b) => rank(a) - rank(b) || a.arrived - b.arrived;
}
