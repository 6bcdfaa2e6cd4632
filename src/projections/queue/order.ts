import { PRIORITIES } from '../../machines/task/index.ts';

/** What decides a task's place in the line. */
export interface Candidate {
  taskId: string;
  /** Which agent works on it; null: the server itself, which needs no slot. */
  agent: string | null;
  boosted: boolean;
  priority: (typeof PRIORITIES)[number];
  phaseIndex: number;
  /** Counts up: who came first has the smaller number. */
  arrived: number;
}

export interface SlotsTaken {
  cap: number;
  perAgent: Record<string, number>;
  /** How many each agent's name has. */
  taken: ReadonlyMap<string, number>;
}

export interface Place<T> {
  task: T;
  /** From 1. */
  position: number;
  /** It may have a slot now; else which cap is in its way. */
  verdict: 'starts' | 'cap' | 'agent_cap';
}

const RANK: Record<string, number> = Object.fromEntries(PRIORITIES.map((priority, rank) => [priority, rank]));

/** Boosted first, then priority, then earlier phases, then first come. */
export function queueOrder(a: Candidate, b: Candidate): number {
  return (
    Number(b.boosted) - Number(a.boosted) ||
    (RANK[a.priority] as number) - (RANK[b.priority] as number) ||
    a.phaseIndex - b.phaseIndex ||
    a.arrived - b.arrived
  );
}

/**
 * The line: every candidate in order, and whether it gets one of the free slots. One whose agent has a lower cap of its
 * own does not hold up those behind it.
 */
export function lineUp<T extends Candidate>(candidates: Iterable<T>, slots: SlotsTaken): Place<T>[] {
  const taken = new Map(slots.taken);
  let used = [...taken.values()].reduce((sum, count) => sum + count, 0);
  return [...candidates].sort(queueOrder).map((task, index) => {
    const place = { task, position: index + 1 };
    if (task.agent === null) return { ...place, verdict: 'starts' };
    const own = taken.get(task.agent) ?? 0;
    if (used >= slots.cap) return { ...place, verdict: 'cap' };
    if (own >= (slots.perAgent[task.agent] ?? Number.POSITIVE_INFINITY)) return { ...place, verdict: 'agent_cap' };
    used += 1;
    taken.set(task.agent, own + 1);
    return { ...place, verdict: 'starts' };
  });
}
