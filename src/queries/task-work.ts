import { type KeptTreeRecord, type Task, type TaskFact, taskActor } from '../machines/task/index.ts';
import type { EventStore, Position, StoredEvent } from '../store/event-store.ts';

/** What is known of where a task's work is. */
export interface TaskWork {
  task: Task;
  status: string;
  /** The kept turns in order; a turn is an attempt that handed something in. */
  turns: KeptTreeRecord[];
  /** Where the last attempt began; null: no worktree was made for one yet. */
  base: string | null;
  /** Whose attempt that is, and on which runner. */
  runnerId: string | null;
  /** The last attempt’s work lies in its worktree and is not kept yet. */
  isLiving: boolean;
}

/** As it stood at that position. */
export async function readTaskWork(store: EventStore, taskId: string, until: Position): Promise<TaskWork> {
  let task = taskActor.initial();
  let status = 'absent';
  const turns = new Map<number, KeptTreeRecord>();
  for await (const event of store.readStream(`task-${taskId}`)) {
    if (event.position > until) break;
    if (!(event.type in taskActor.facts)) continue;
    const fact = event as StoredEvent & TaskFact;
    task = taskActor.evolve(task, fact, event.at);
    status = event.meta.to ?? status;
    if (fact.type === 'TreeKept') turns.set(fact.data.turn, fact.data);
  }
  const agent = task.agentId === null ? null : await readAgent(store, task.agentId, until);
  const kept = [...turns.values()].sort((a, b) => a.turn - b.turn);
  const last = kept.at(-1);
  return {
    ...{ task, status, turns: kept, base: agent?.base ?? last?.base ?? null, runnerId: agent?.runnerId ?? null },
    isLiving: agent?.hasWorktree === true && task.worktreeSince !== null && last?.turn !== task.attempt,
  };
}

async function readAgent(store: EventStore, agentId: string, until: Position) {
  const agent: { base: string | null; runnerId: string | null; hasWorktree: boolean } = {
    ...{ base: null, runnerId: null, hasWorktree: false },
  };
  for await (const event of store.readStream(`agent-${agentId}`)) {
    if (event.position > until) break;
    const data = event.data as { commit?: string; base?: string; runnerId?: string };
    if (event.type === 'AgentRequested') {
      agent.runnerId = data.runnerId ?? null;
      agent.base = data.base ?? null;
    } else if (event.type === 'PreparationStarted' || event.type === 'WorktreeReady') {
      agent.base = data.commit ?? agent.base;
      agent.hasWorktree ||= event.type === 'WorktreeReady';
    }
  }
  return agent;
}
