import type { Runner } from '../runner.ts';

/** The agents' half of a runner: what starts, finds, ends and shows them. */
export interface AgentHands
  extends Pick<
    Runner,
    | 'startAgent'
    | 'probeAgent'
    | 'stopAgent'
    | 'listAgents'
    | 'observeAgent'
    | 'readTerminal'
    | 'writeTerminal'
    | 'watch'
    | 'close'
  > {
  /** An agent of that task is about to be started: what its start needs is made ready in the background. Safe twice. */
  expectStart(taskId: string): void;
}

/** Where the hands tell of what nobody asked for: a holder that cannot be reached, an agent found lost. */
export interface AgentLog {
  warn(message: string, details?: Record<string, unknown>): void;
}
