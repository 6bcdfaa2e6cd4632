/** What follows from what, one file per story: open obligations folded from the log, discharged by probe-then-act. */
export { agentSessions, createSignals, hear, isStarting, meetAgents } from './agent-sessions.ts';
export { attempts } from './attempts.ts';
export { budgets } from './budgets.ts';
export { deadlines } from './deadlines.ts';
export type { Process } from './define-process.ts';
export { delivering } from './delivering.ts';
export { dispatching } from './dispatching.ts';
export { environments } from './environments.ts';
export { createLease, type OwnLease } from './lease.ts';
export { merging } from './merging.ts';
export { isOurs } from './ownership.ts';
export { phases } from './phases.ts';
export { createProcessHost, type ProcessHost } from './process-host.ts';
export { reunions } from './reunions.ts';
export { createTakingOver, hasWork, lastTakenFrom } from './taking-over.ts';
export { validation } from './validation.ts';
export { isEndedAgent, isEndedWorkflow } from './entity.ts';
export { World } from './world.ts';
