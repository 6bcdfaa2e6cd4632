import type { Task } from '../machines/task/index.ts';
import { type Candidate, queueOrder } from '../projections/queue/index.ts';
import type { Entity } from './world.ts';

/**
 * The queued tasks of every workflow in the order they go, kept in lanes of one workflow and one agent's name. So a
 * task enters and leaves by a binary search, and the next ones are found by looking at the heads of the lanes that may
 * go, however long the lanes are that may not.
 */
export class Line {
  private readonly lanes = new Map<string, Map<string | null, Candidate[]>>();
  private readonly places = new Map<string, { workflowId: string; candidate: Candidate }>();

  /** Puts a task where it belongs now; one that is not queued leaves. */
  place(task: Entity<Task>): void {
    this.remove(task.id);
    if (task.value !== 'queued') return;
    const { workflowId, agent, priority, phaseIndex } = task.context.spec;
    const { boosted } = task.context;
    const candidate = { taskId: task.id, agent, boosted, priority, phaseIndex, arrived: task.arrived };
    const lane = this.laneOf(workflowId, agent);
    lane.splice(placeIn(lane, candidate), 0, candidate);
    this.places.set(task.id, { workflowId, candidate });
  }

  remove(taskId: string): void {
    const known = this.places.get(taskId);
    if (!known) return;
    this.places.delete(taskId);
    const { workflowId, candidate } = known;
    const lane = this.laneOf(workflowId, candidate.agent);
    lane.splice(placeIn(lane, candidate), 1);
    if (lane.length > 0) return;
    const ofWorkflow = this.lanes.get(workflowId);
    ofWorkflow?.delete(candidate.agent);
    if (ofWorkflow?.size === 0) this.lanes.delete(workflowId);
  }

  /** Ids in order, of the lanes that are admitted; asked again before each step, so that a lane may close on the way. */
  *next(admits: (workflowId: string, agent: string | null) => boolean): Generator<string> {
    const open: { workflowId: string; agent: string | null; lane: Candidate[]; at: number }[] = [];
    for (const [workflowId, lanes] of this.lanes)
      for (const [agent, lane] of lanes) open.push({ workflowId, agent, lane, at: 0 });
    for (;;) {
      let first: (typeof open)[number] | undefined;
      for (const one of open) {
        if (one.at >= one.lane.length || !admits(one.workflowId, one.agent)) continue;
        if (!first || queueOrder(headOf(one), headOf(first)) < 0) first = one;
      }
      if (!first) return;
      yield headOf(first).taskId;
      first.at++;
    }
  }

  private laneOf(workflowId: string, agent: string | null): Candidate[] {
    const lanes = this.lanes.get(workflowId) ?? new Map<string | null, Candidate[]>();
    this.lanes.set(workflowId, lanes);
    const lane = lanes.get(agent) ?? [];
    lanes.set(agent, lane);
    return lane;
  }
}

function headOf({ lane, at }: { lane: Candidate[]; at: number }): Candidate {
  return lane[at] as Candidate;
}

/** Where the candidate stands, or would. */
function placeIn(lane: readonly Candidate[], candidate: Candidate): number {
  let low = 0;
  let high = lane.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (queueOrder(lane[middle] as Candidate, candidate) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
