import type { AgentStart } from '../../src/runtime/runner.ts';
import type { Chance } from './chance.ts';

/** What a script may do with its own process. */
export interface Session {
  readonly start: AgentStart;
  readonly token: string;
  readonly chance: Chance;
  pause(ms: number): Promise<void>;
  output(): void;
  fix(...bugs: string[]): void;
  add(...bugs: string[]): void;
  exit(code: number): void;
}

export type AgentScript = (session: Session) => Promise<void>;
