import type { Runner } from '../runner.ts';

/** The agents' half of a runner: what starts, finds, ends and shows them. */
export type AgentHands = Pick<
  Runner,
  'startAgent' | 'probeAgent' | 'stopAgent' | 'listAgents' | 'readTerminal' | 'writeTerminal' | 'watch' | 'close'
>;

/** Where the hands tell of what nobody asked for: a holder that cannot be reached, an agent found lost. */
export interface AgentLog {
  warn(message: string, details?: Record<string, unknown>): void;
}
