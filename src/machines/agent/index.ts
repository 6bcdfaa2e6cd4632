/** One incarnation of a coding agent: a process in a terminal, for one attempt at one task. A restart is another agent. */
export { type AgentCommand, agentCommands } from './commands.ts';
export { ACTIVITIES, type Activity, type AgentFact, agentFacts } from './events.ts';
export { type Asked, type Effect, MESSAGE_CHARS_MAX, TAKES_NOTHING, type Takes } from './takes.ts';
export { agentActor, agentChart } from './machine.ts';
export type { Agent } from './state.ts';
