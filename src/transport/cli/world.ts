import type { Clock } from '../../kernel/clock.ts';

/** Where text goes: a stream of the process, or a test's list. */
export interface Sink {
  write(data: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Keys = NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };

/** Everything of the outside that a verb may touch. A program makes it; tests make another. */
export interface World {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  home: string;
  stdin: Keys;
  stdout: Sink;
  stderr: Sink;
  clock: Clock;
  /** A new key, unlike any other. */
  newKey(): string;
  /** Calls back for each such signal until the returned function is called. */
  onSignal(signal: 'SIGINT' | 'SIGTERM', handle: () => void): () => void;
  programs: Programs;
}

export interface ServerSettings {
  dataDirectory: string;
  host: string;
  /** 0: any free one. */
  port: number;
  takeOver: boolean;
  /** Whether the server ends by itself when it has been idle; `onIdleExit` is then called once. */
  idleExit: boolean;
  onIdleExit?: () => void;
  store?: string;
}

export interface LivingServer {
  url: string;
  port: number;
  /** Stops intake, drains for at most ten seconds, closes. Safe twice. */
  close(): Promise<void>;
}

/** What only the place where adapters meet ports can give. Each is loaded when it is first used. */
export interface Programs {
  /** The words that start this CLI again: Node, its options, and the program's file. */
  cliArgv: readonly string[];
  /** The folder that holds `demo/` and `phases/`. */
  home: string;
  startServer(settings: ServerSettings): Promise<LivingServer>;
  log(): Promise<LogTools>;
}

/** Work on the log of a data directory without its server. Nothing but `import` writes. */
export interface LogTools {
  verify(directory: string): Promise<{
    ok: boolean;
    events: number;
    position: string;
    anchored: boolean;
    damage: { position: string | null; reason: string } | null;
  }>;
  /** One JSON object per line; ends with the last event. */
  export(directory: string): AsyncIterable<string>;
  /** Appends exported lines to an empty log; the answer counts them. */
  import(directory: string, lines: AsyncIterable<string>): Promise<{ events: number; position: string }>;
  replay(directory: string, onProgress: (events: number) => void): Promise<ReplayResult>;
}

export interface ReplayResult {
  events: number;
  streams: number;
  commands: number;
  unknown: number;
  position: string;
  difference: { stream: string; position: string; command: string; recorded: unknown; decided: unknown } | null;
}
