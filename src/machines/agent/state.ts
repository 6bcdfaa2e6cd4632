import type { Asked, Takes } from './takes.ts';

export interface Agent {
  agentId: string;
  taskId: string;
  workflowId: string;
  repositoryId: string;
  attempt: number;
  agent: string;
  runnerId: string;
  allowedTools: string[];
  branch: string | null;
  /** Where its work begins. */
  base: string | null;
  started: { holderPid: number; pid: number; startedAt: number; bootId: string; tokenHash: string } | null;
  stop: { reason: string; by: string } | null;
  /** How it ended, in words, with the exit where there was one. */
  end: {
    how: 'exited' | 'stopped' | 'timed_out' | 'failed' | 'lost';
    code: number | null;
    signal: string | null;
    livedMs: number;
    reason: string;
  } | null;
  /** What a person can say to it while it works. */
  takes: Takes;
  /** What was said to it and is not known to have reached it, oldest first. */
  asked: Asked[];
  /** Requests that were refused. */
  denials: number;
  since: number;
}
