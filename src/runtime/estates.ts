/**
 * What the server of another runner left behind on this machine: its agents, its mirror and worktrees, its blobs. Who
 * opens it holds that runner's data directory as its own server would, so no server of it lives or starts meanwhile. It
 * is of one machine by its nature, and therefore no part of the Runner.
 */
export interface Estates {
  open(place: RunnerPlace): Promise<Opened>;
}

export interface RunnerPlace {
  runnerId: string;
  host: string;
  /** Its data directory. */
  dataDirectory: string;
}

export type Opened =
  | { outcome: 'open'; estate: Estate }
  /** A server of it lives, or another is about to take over. */
  | { outcome: 'held'; reason: string }
  /** Its files are not to be had from here. */
  | { outcome: 'elsewhere'; reason: string };

export interface Estate {
  /** Ends those of the agents that are there, with everything they have started. */
  stopAgents(agentIds: readonly string[], graceMs: number): Promise<void>;
  /**
   * Brings what a run needs to go on into our own files: its refs, the work its agents left and the blobs it names. What
   * was not handed in is kept under rescue refs. Safe to repeat.
   */
  bringRun(run: EstateRun): Promise<{ rescued: { taskId: string; ref: string }[] }>;
  close(): Promise<void>;
}

export interface EstateRun {
  workflowId: string;
  repositoryId: string;
  baseCommit: string;
  tasks: { taskId: string; handedIn: { turn: number; base: string; message: string } | null }[];
  /** Hashes that its events name; those that are no blobs there are passed over. */
  blobs: readonly string[];
}
