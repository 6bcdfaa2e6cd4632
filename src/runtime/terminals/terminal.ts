/** A program in a pseudo-terminal of its own, as the holder sees it. */
export interface Terminal {
  readonly pid: number;
  /** Keystrokes; bytes are kept for the program until it reads them. */
  write(keys: string): void;
  /** Bytes written that the program has not taken yet. */
  unreadBytes(): number;
}

export interface TerminalRequest {
  /** An absolute path first. */
  argv: readonly string[];
  /** The whole environment; nothing is inherited. `PWD` is added. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  columns: number;
  rows: number;
  /** Called in order, and before `onExit` for all that was written by then. The bytes are the callee's for the call only. */
  onOutput(bytes: Uint8Array): void;
  /** Called once, after the last output. `signal` is a number, 0 for none. */
  onExit(code: number, signal: number): void;
}

export type SpawnTerminal = (request: TerminalRequest) => Terminal;
