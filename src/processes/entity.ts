import type { ActorState } from '../machines/define-actor.ts';

/** An actor as the world has it. */
export interface Entity<C = unknown> {
  kind: string;
  id: string;
  value: string;
  context: C;
  /** The last event: what causes whatever follows. */
  last: { id: string; correlationId: string; at: number };
  /** Where in the log it came to the world, or came back to it: who came first has the smaller number. */
  arrived: number;
  /** Where in the log its first event is. Order is told by positions: a clock may be put back between two events. */
  began: number;
  /** Of a workflow: where in the log each of its phases, in the order they ran, started or ended last. */
  phasesAt?: readonly number[];
}

const TASK_ENDED = new Set(['done', 'failed', 'cancelled', 'duplicated']);
const AGENT_ENDED = new Set(['exited', 'lost']);
const WORKFLOW_ENDED = new Set(['completed', 'failed', 'cancelled']);
const BEST_OF_N_ENDED = new Set(['completed', 'failed', 'cancelled']);

export const isEndedTask = (task: Entity): boolean => TASK_ENDED.has(task.value);
export const isEndedAgent = (agent: Entity): boolean => AGENT_ENDED.has(agent.value);
export const isEndedWorkflow = (workflow: Entity): boolean => WORKFLOW_ENDED.has(workflow.value);
/** It may be scored again all the same. */
export const isEndedBestOfN = (bestOfN: Entity): boolean => BEST_OF_N_ENDED.has(bestOfN.value);

/** One of which no event has been seen. */
export function blankEntity<C>(kind: string, id: string, { value, context }: ActorState<C>): Entity<C> {
  return { kind, id, value, context, last: { id: '', correlationId: '', at: 0 }, arrived: 0, began: 0 };
}
