/**
 * What the server and a holder say to each other. The order comes once, on the holder's standard input, because it holds
 * secrets (environment, values to redact) that belong into no file and no argument list. After that both speak JSON lines
 * over the holder's unix socket: a request with an id has one answer with that id; news has none.
 */
export const HOLDER_PROTOCOL = 1;
export const LINE_BYTES_MAX = 128 * 1024;
/** Keystrokes in one request, and those that a program has not read yet. */
export const WRITE_BYTES_MAX = 32 * 1024;
export const UNREAD_BYTES_MAX = 256 * 1024;
/** So many keys of writes are remembered. */
export const WRITE_KEYS_MAX = 1_000;

export interface HolderOrder {
  protocol: number;
  agentId: string;
  folder: string;
  socketPath: string;
  epoch: number;
  bootId: string;
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  columns: number;
  rows: number;
  wallMs: number;
  transcriptBytesMax: number;
  redactValues: string[];
}

/** The one line on the holder's third descriptor. */
export type HolderReady = { ok: true; pid: number; startedAt: number } | { ok: false; message: string };

export type HolderRequest =
  /** First on every connection. An epoch below the highest seen is refused; a higher one ends the connections below it. */
  | { id: number; do: 'hello'; protocol: number; epoch: number }
  /** What was written under a `key` before is not written again; the answer is that of the first time. */
  | { id: number; do: 'write'; keys: string; key?: string }
  /** Answered at once; the end is told as news. */
  | { id: number; do: 'stop'; graceMs: number }
  /** Answered when there is output beyond the cursor, at the end, or after `waitMs`. */
  | { id: number; do: 'wait'; beyond: number; waitMs: number };

export type HolderRefusal = 'fenced' | 'protocol' | 'hello_first' | 'overloaded' | 'ended' | 'malformed';
/** `outputBytes`: of a write, how much had been printed before it. */
export type HolderAnswer =
  | { id: number; ok: true; outputBytes?: number }
  | { id: number; ok: false; reason: HolderRefusal };

export type HolderNews = { news: 'output'; outputBytes: number; at: number } | { news: 'exited' };

/** `state.json`, written by the holder before the program is started and again after. */
export interface HolderState {
  protocol: number;
  phase: 'starting' | 'running' | 'never_started';
  bootId: string;
  holderPid: number;
  /** Start time of the process in clock ticks since boot, which together with the pid names it for good. */
  holderTicks: number;
  socketPath: string;
  epoch: number;
  pid: number | null;
  pidTicks: number | null;
  startedAt: number;
}

/** `exit.json`: the end as the holder saw it. `survivors` are pids that could not be killed. */
export interface HolderExit {
  code: number | null;
  signal: string | null;
  at: number;
  how: 'exited' | 'stopped' | 'timed_out';
  livedMs: number;
  outputBytes: number;
  survivors: number[];
}
