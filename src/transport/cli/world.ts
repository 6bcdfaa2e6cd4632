import type { AgentPreset, OpenedChecks } from '../../checks/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Finding } from '../../kernel/findings.ts';

/** Where text goes: a stream of the process, or a test's list. */
export interface Sink {
  /** `done` is called when the data has left. */
  write(data: string | Uint8Array, done?: () => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  /** Of a terminal. */
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
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
  /** In a clone: builds the page when its sources have changed, and says so by `say`. A package brings it. Never throws. */
  preparePage(say: (line: string) => void): Promise<void>;
  log(): Promise<LogTools>;
  backups(): Promise<BackupTools>;
  checks(): Promise<CheckTools>;
  /** The agents that come with the program, by name. */
  builtInAgents(): Promise<Readonly<Record<string, AgentPreset>>>;
}

/** Where a log is: `sqlite`, in the data directory, or the URL of an event store, and the data directory that goes with it. */
export interface LogPlace {
  directory: string;
  store: string;
}

type Progress = (events: number) => void;

/** Work on a log without its server. Nothing but `import` writes. */
export interface LogTools {
  verify(place: LogPlace): Promise<{
    ok: boolean;
    events: number;
    position: string;
    /** Whether its store keeps a hash chain, so that an event that was altered would be noticed. */
    chained: boolean;
    anchored: boolean;
    /** Streams whose first events are hidden or lost; found out where there is no chain. */
    headless: number;
    damage: { position: string | null; reason: string } | null;
  }>;
  /** Gives the log line by line, each with its line break, and behind it what else of the data directory moves. */
  export(
    place: LogPlace,
    sink: (line: string) => Promise<void> | void,
    onProgress?: Progress,
  ): Promise<Exported & { damagedBlobs: string[]; withFiles: boolean }>;
  /**
   * Fills an empty log, and a new data directory, from an export; `source` opens the text and is called several times.
   * `stranded`: runs that were open and cannot go on here.
   */
  import(
    place: LogPlace,
    source: () => AsyncIterable<string | Uint8Array>,
    onProgress?: Progress,
  ): Promise<Exported & { stranded: { workflowId: string; reason: string }[] }>;
  replay(place: LogPlace, onProgress: Progress): Promise<ReplayResult>;
}

/** The check engine on this machine. */
export interface CheckTools {
  /** `folder`: anywhere in the tree that is checked. With `readOnly`, nothing at all is written. */
  open(where: { folder: string; directory: string; readOnly: boolean; world: World }): OpenedChecks;
  newRunId(): string;
  /** Looks at the machine, with the person's variables. */
  /** What a run needs of this machine, without a server. */
  diagnose(
    directory: string,
    world: Pick<World, 'env' | 'home'>,
    agents: Readonly<Record<string, AgentPreset>>,
  ): Promise<Finding[]>;
}

/** Copies of a data directory, made beside its living server or without one. */
export interface BackupTools {
  /** Fills a directory that is absent or empty. */
  backUp(directory: string, to: string): Promise<BackedUp>;
  /** Fills a data directory that is absent or empty. */
  restore(from: string, directory: string): Promise<Restored>;
}

export interface BackedUp {
  /** The last event in it; everything before is in it too. */
  position: string;
  hash: string;
  blobs: number;
  /** Blobs whose bytes were spoiled already, so that they are not in it. */
  damagedBlobs: string[];
}

export interface Restored extends BackedUp {
  /** Those that were folded anew from the restored log. */
  views: string[];
}

export interface Exported {
  events: number;
  /** What the events chain to. */
  hash: string;
  /** Blobs, definitions, and what open runs have merged. */
  files: number;
}

export interface ReplayResult {
  events: number;
  streams: number;
  commands: number;
  unknown: number;
  position: string;
  difference: { stream: string; position: string; command: string; recorded: unknown; decided: unknown } | null;
}
