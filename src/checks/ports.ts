import type { Clock } from '../kernel/clock.ts';
import type { TestOutcome } from '../runtime/runner.ts';
import type { BuiltInName, Check } from './definition.ts';
import type { CheckOutcome, CheckRun, TestNumbers } from './results.ts';

/** A file of the tree; `id` differs whenever its content, its kind or its executable bit does. */
export interface FileEntry {
  path: string;
  id: string;
}

export interface Listing {
  /** Stands for everything in here: equal only when all of it is. Null where nothing short can. */
  identity: string | null;
  /** In the order of their paths. Asked for only when it is needed. */
  files(): Promise<readonly FileEntry[]>;
  /** Paths whose content cannot be told by an id: submodules that were changed. */
  unknown: readonly string[];
  /** Paths whose content is in no object of git's: changed, or not tracked. */
  loose: readonly string[];
}

/** What a check may depend on, as it is at this moment. Nothing is written, except a program's version that was asked anew. */
export interface Inputs {
  /** Every file that git does not ignore, and those of `literals` that exist. */
  list(literals: readonly string[]): Promise<Listing>;
  /** The hashes that were made of a listing with this identity, by the globs' own; empty when none are kept. */
  remembered(identity: string): Promise<Readonly<Record<string, string>>>;
  remember(identity: string, hashes: Readonly<Record<string, string>>): Promise<void>;
  /** One line that differs when the program does; null when there is none of that name, or `ask` is false and it is not known. */
  toolVersion(name: string, ask: boolean): Promise<string | null>;
  variable(name: string): string | undefined;
  /** Node's platform and architecture. */
  platform: { name: string; arch: string };
}

/** What is kept of a check under the hash of its inputs. */
export interface CachedResult {
  name: string;
  status: 'passed' | 'failed' | 'warning';
  at: number;
  durationMs: number;
  exitCode: number | null;
  tail: string;
  tests: TestNumbers | null;
  why: string;
  /** Every test's outcome, where somebody judges by single tests. */
  outcomes?: readonly TestOutcome[] | null;
}

export interface ResultCache {
  /** Null when nothing is kept. What cannot be read is set aside, and is null as well. */
  read(key: string): Promise<CachedResult | null>;
  write(key: string, result: CachedResult): Promise<void>;
  /**
   * Waits until nobody else runs the check in this folder, then until nobody runs it on the same inputs anywhere;
   * `onWait` is told in words for whom. A claim of a process that is gone does not hold.
   */
  claim(
    check: string,
    key: string | null,
    onWait: (who: string) => void,
    signal: AbortSignal,
  ): Promise<() => Promise<void>>;
  freeBytes(): Promise<number>;
}

/** What was run before on this repository. */
export interface RunStore {
  /** The folder for the outputs of a run; older ones are removed. */
  openOutputs(runId: string): Promise<void>;
  save(run: CheckRun): Promise<void>;
  /** Keeps it for the next server as well, until `markSent`. */
  markUnsent(run: CheckRun): Promise<void>;
  markSent(runId: string): Promise<void>;
  /** Newest first. */
  list(): Promise<CheckRun[]>;
}

export interface CommandRun {
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
  durationMs: number;
  tail: string;
  tests: readonly TestOutcome[] | null;
  output: string | null;
}

export interface Commands {
  /** Runs a check's command to its end. Rejects with Fault `check.failed_to_run` when it cannot be started. */
  run(check: Check, words: readonly string[], runId: string, signal: AbortSignal): Promise<CommandRun>;
}

/** What is known of how an agent is started, as far as its program and its sign-in go. */
export interface AgentPreset {
  argv: readonly string[];
  /** The name of the CLI whose habits it has, if any. */
  output?: string | undefined;
  passEnv?: readonly string[];
  /** Set for the agent in place of the person's own variables. */
  env?: Readonly<Record<string, string>>;
}

/** Single looks at this machine: what built-ins and `heph doctor` are made of. Nothing is changed by them. */
export interface Probes {
  /** Whether there is a program of that name, in a version within the range; a range of null is any. */
  program(name: string, range: string | null): Promise<BuiltInResult>;
  /** Whether there is room where a folder is, or will be. */
  disk(folder: string): Promise<BuiltInResult>;
  port(port: number): Promise<BuiltInResult>;
  agents(presets: Readonly<Record<string, AgentPreset>>): Promise<AgentFound[]>;
}

/** What is known of one agent's program. */
export interface AgentFound {
  name: string;
  good: boolean;
  text: string;
  next: string | null;
}

/** What a built-in found. */
export interface BuiltInResult {
  good: boolean;
  text: string;
  next: string | null;
  /** How it can be mended by `--fix`; null when it cannot. */
  fix: Fix | null;
}

/** A way to mend something: a command, run in the repository. */
export interface Fix {
  words: readonly string[];
  /** Ignored folders that it may change, relative to the repository: put aside first, so that it can be taken back. */
  changes: readonly string[];
}

export interface BuiltIn {
  /** Files that count beside those that the definition names. */
  files: readonly string[];
  tools: readonly string[];
  /** For how long its result may be used again; 0: looked at each time, which must be quick. */
  cacheForMs: number;
  look(check: Check): Promise<BuiltInResult>;
}

export interface CheckParts {
  inputs: Inputs;
  cache: ResultCache;
  runs: RunStore;
  commands: Commands;
  builtIns: Readonly<Record<BuiltInName, BuiltIn>>;
  /** The commit that is checked out and whether the tree is exactly that; null outside of git. */
  head(): Promise<{ commit: string; clean: boolean } | null>;
  redact(text: string): string;
  clock: Clock;
  cores: number;
}

/** What happens during a run, as it happens. */
export type Progress =
  | { type: 'planned'; checks: readonly string[] }
  | { type: 'started'; name: string; attempt: number }
  | { type: 'waiting'; name: string; text: string }
  | { type: 'ended'; outcome: CheckOutcome };
