import type { ChangeRequest, MeasuredChange } from './change/change.ts';
import type { DiffRequest, TaskDiff } from './change/diff.ts';
import type { JudgeKind } from './checks/judge-files.ts';
import type { MutationRequest, MutationResult } from './mutation/mutation.ts';
import type { ScorerRequest, ScorerResult } from './scorers/scorer.ts';

/**
 * The hands, without opinions. One message-shaped, idempotent port: JSON goes in, JSON comes out, no handles and no
 * shared paths, so that a runner on another machine is a transport away. Every verb may be called again with the same
 * input after a crash and then finds what the first call did. Failures are thrown as Fault (retry may help) or as
 * HephError of kind `invalid` (it will not).
 */
export interface Runner {
  readonly id: string;

  /** Looks at a user's repository and touches nothing. Throws the `repository.*` codes. */
  inspectRepository(request: { path: string; branch?: string; fromHead?: boolean }): Promise<RepositoryInspection>;
  /** Brings the commit into the bare mirror and makes `runBranch` there, if one is named, at that commit unless it exists already. */
  openRun(request: {
    repositoryId: string;
    path: string;
    commit: string;
    runBranch?: string;
  }): Promise<{ commit: string }>;
  /** The commit a branch of the mirror is at, or null. */
  readBranch(request: { repositoryId: string; branch: string }): Promise<string | null>;
  /**
   * A task's worktree: a clone of the mirror on branch `heph/<task>` at `commit`, its environment made ready, the setup run. An existing
   * one is kept as it is. Throws `environment.unfit` when what the repository asks for cannot be had.
   */
  prepareWorktree(request: WorktreeRequest): Promise<WorktreeReady>;
  /** Keeps what the agent left, committed or not, as a commit under `refs/heph/turns/<task>/<turn>`; `commit` is null when nothing differs from `base`. */
  keepTree(request: {
    taskId: string;
    repositoryId: string;
    turn: number;
    base: string;
    message: string;
  }): Promise<KeptTree>;
  /** Removes the worktree after keeping whatever is in no ref of ours under `refs/heph/rescue/<task>/…`. Safe when absent. */
  removeWorktree(request: {
    taskId: string;
    repositoryId: string;
  }): Promise<{ removed: boolean; rescued: string | null }>;

  /** Starts the agent in a terminal of its own. Called again for the same agent it answers what runs already, or has run. */
  startAgent(request: AgentStart): Promise<AgentStarted>;
  /** What is true of the agent now. Never throws for an unknown one: `absent`. */
  probeAgent(request: { agentId: string }): Promise<AgentProbe>;
  /** Ends the whole process group: SIGHUP and SIGTERM, after `graceMs` SIGKILL; answers when all are gone. */
  stopAgent(request: { agentId: string; graceMs: number }): Promise<AgentProbe>;
  /** Every agent that has a holder folder here, living or not. */
  listAgents(): Promise<AgentProbe[]>;
  /**
   * What can be seen of an agent from outside, cheaply: new output, what its processes take of the processor, and, when
   * asked, which files of its worktree differ from its base. Never throws for an unknown one: `absent`.
   */
  observeAgent(request: ObserveRequest): Promise<AgentObservation>;
  /** Raw terminal bytes (base64) from a cursor; waits up to `waitMs` for more. */
  readTerminal(request: { agentId: string; cursor: number; bytesMax: number; waitMs?: number }): Promise<TerminalChunk>;
  /**
   * Types into the terminal; answers how much had been printed before. Under a `key` it is typed once, however often it is
   * asked for. Throws `terminal.gone`, or `terminal.failed` while the program does not read.
   */
  writeTerminal(request: { agentId: string; data: string; key?: string }): Promise<{ outputBytes: number }>;

  /** Runs one check on a fresh checkout of `commit`. A check that cannot be run at all throws `check.failed_to_run`. */
  runCheck(request: CheckRequest): Promise<CheckResult>;
  /** Mutates the lines that a change touched, on a fresh checkout, and says which mutants the check does not notice. Throws as `runCheck`. */
  mutate(request: MutationRequest): Promise<MutationResult>;
  /** Which files of its own judge a commit touches, and the commit with those of the base in their place. Moves nothing. */
  layJudge(request: LayJudgeRequest): Promise<LaidJudge>;
  /** The new tests of one commit laid over the code of another, whose own new tests are left out; the rest of the judge is the base's. Moves nothing. */
  layTests(request: LayTestsRequest): Promise<LaidTests>;
  /** What a commit changes, in files, lines, imports and words, from the mirror alone. */
  measureChange(request: ChangeRequest): Promise<MeasuredChange>;
  /** What differs between two states of a task’s work, or between one and its living worktree. Throws `diff.not_kept`, Fault `worktree.failed`. */
  readDiff(request: DiffRequest): Promise<TaskDiff>;
  /** Runs a scorer of the user's over a commit. What it says is judged, never thrown: only a commit that cannot be checked out is. */
  runScorer(request: ScorerRequest): Promise<ScorerResult>;
  /** Three-way merges onto the tip of `branch`, each upon the ones before it that merged; one result for each. Moves nothing. */
  mergeCandidates(request: MergeRequest): Promise<MergeResult[]>;
  /** Removes refs under which work is kept, each only while it holds what is named; null: whatever it holds. Those that are not there are told. */
  removeRefs(request: RemoveRefsRequest): Promise<RefsRemoved>;
  /** Compare-and-swap of a branch in the mirror. `moved: false` when it is not at `from` (and not at `to` already). */
  moveBranch(request: {
    repositoryId: string;
    branch: string;
    from: string;
    to: string;
  }): Promise<{ moved: boolean; at: string | null }>;
  /**
   * Brings `commit` to the user's repository: as `runBranch`, unless that is null, and, unless `base` is absent, by moving
   * the base branch from `base.from` to it.
   */
  deliver(request: DeliverRequest): Promise<DeliverResult>;

  /** Tells of claims, exits and output as they happen. A hint only: processes probe. */
  watch(listener: (event: RunnerEvent) => void): () => void;
  /** Lets go of holders and sockets; agents live on. */
  close(): Promise<void>;
}

export interface RepositoryInspection {
  /** Stable for one repository path: `rep_…`. */
  repositoryId: string;
  /** The real path of the work tree's root. */
  path: string;
  baseBranch: string;
  baseCommit: string;
  dirty: boolean;
  /**
   * The repository's own words for its checks, where they can be seen: `heph check` where it has a `checks.yaml`, `npm test` for a
   * package.json with a test script, `heph check` for what else can be detected.
   */
  detectedCheck: string | null;
  /** The names that its checks have in a `checks.yaml`, or were given when they were detected. */
  checks?: readonly string[];
  /** What is wrong with its `checks.yaml`, with lines; absent where nothing is. Whoever judges by something else need not mind. */
  badDefinition?: string;
  /** Where its checks are a graph: the one command among them that runs its tests; null when there is none, or several. */
  testCommand?: string | null;
}

export interface WorktreeRequest {
  taskId: string;
  repositoryId: string;
  /** `heph/<task>` */
  branch: string;
  commit: string;
  /**
   * Work that lies unfinished on top of `commit`: its changes are merged into the files, uncommitted, with git's markers
   * where both sides changed the same lines.
   */
  unfinished?: string;
  /** A merge in the past of `commit` that is to be taken out: what undoes it lies there in the same way. */
  undo?: string;
  /** Each an argv, run without a shell in the worktree. */
  setup?: string[][];
  /** Ignored files of the user's repository to copy in, by glob relative to its root (`node_modules` is linked copy-on-write where possible). */
  copyIgnored?: { from: string; globs: string[] };
  /** The commit whose `checks.yaml` says which variables checks of the environment may see; absent: `commit` itself. */
  trusted?: string;
}

export interface WorktreeReady {
  path: string;
  branch: string;
  commit: string;
  /** What the repository asks of the environment of whoever works in it; absent where it asks for nothing. */
  environment?: Environment;
}

/** The checks of an environment, all of them good, and what had to be mended for that. */
export interface Environment {
  checks: CheckPart[];
  /** A sentence for each fix that was applied. */
  fixed: string[];
}

export interface KeptTree {
  /** Null when the tree equals the base's. */
  commit: string | null;
  tree: string;
  ref: string | null;
  files: { path: string; insertions: number; deletions: number }[];
}

export interface AgentStart {
  agentId: string;
  taskId: string;
  /** Where it works; a path the runner gave in `WorktreeReady`. */
  worktree: string;
  /** The template, with `{prompt_file} {prompt} {worktree} {mcp_config} {task_id} {agent_id} {token_file} {agent_dir}` still in it. */
  argv: string[];
  /** Beyond the runner's own allow-list; values may hold the same placeholders. */
  env: Record<string, string>;
  /** Names of variables of the server's own environment that this agent may see. */
  passEnv?: string[];
  prompt: string;
  /** Where the stdio bridge finds the server again after a restart. */
  dataDirectory: string;
  terminal: { columns: number; rows: number };
  limits: { wallMs: number; transcriptBytesMax: number };
  /** Files to lay into the agent's own folder before it starts (0600), e.g. a CLI's configuration home; same placeholders. */
  files?: Record<string, string>;
}

export interface AgentStarted {
  agentId: string;
  holderPid: number;
  pid: number;
  startedAt: number;
  bootId: string;
  /** SHA-256 of the token that was minted for this incarnation. */
  tokenHash: string;
}

export type AgentProbe =
  /** Nothing was started. `tokenHash`: it was claimed once, and this is the token it is going to have. */
  | { agentId: string; state: 'absent'; tokenHash?: string }
  | ({ state: 'running'; outputBytes: number; lastOutputAt: number | null } & AgentStarted)
  | { agentId: string; state: 'exited'; exit: AgentExit; outputBytes: number; tokenHash: string | null }
  /** The holder died without recording an exit; what could be killed has been. */
  | { agentId: string; state: 'lost'; reason: string; outputBytes: number; tokenHash: string | null };

export interface AgentExit {
  code: number | null;
  signal: string | null;
  at: number;
  /** `exited` by itself, `stopped` by us, `timed_out` at its wall limit. */
  how: 'exited' | 'stopped' | 'timed_out';
  livedMs: number;
}

export interface ObserveRequest {
  agentId: string;
  /** Output from here on; null: its end. Where there is more than `bytesMax`, its end alone. */
  cursor: number | null;
  bytesMax: number;
  /** Also what its processes take of the processor: every process of the machine is looked at for that. */
  processor: boolean;
  files?: TouchedFilesRequest;
}

export interface TouchedFilesRequest {
  taskId: string;
  repositoryId: string;
  base: string;
  /** So many paths are named. */
  max: number;
}

export interface TouchedFiles {
  /** A repository within the repository is named alone, with a slash at its end. */
  paths: string[];
  /** Paths beyond those listed. */
  more: number;
}

export interface AgentObservation {
  agentId: string;
  state: AgentProbe['state'];
  outputBytes: number;
  lastOutputAt: number | null;
  /** Whole lines, escape sequences removed, secrets redacted as in the transcript. */
  text: string;
  nextCursor: number;
  /** So many bytes after `cursor` were passed over. */
  skippedBytes: number;
  /** What its living processes have taken of processors until now; null: not asked, or it cannot be told here. */
  processorMs: number | null;
  /** Null: not asked, or not to be told; then `filesReason` says why. */
  files: TouchedFiles | null;
  filesReason?: string;
}

export interface TerminalChunk {
  agentId: string;
  cursor: number;
  nextCursor: number;
  data: string;
  /** The process has ended and nothing follows `nextCursor`. */
  ended: boolean;
  /** Bytes before `cursor` that the ring no longer has. */
  droppedBefore: number;
}

export interface CheckRequest {
  /** The same key answers the recorded result instead of running again. */
  checkKey: string;
  repositoryId: string;
  commit: string;
  /** Words of a command, split without a shell: `npm test`. `heph check` and names: these checks of the repository, and what they need. */
  command: string;
  setup?: string[][];
  copyIgnored?: { from: string; globs: string[] };
  limits: { wallMs: number; outputBytesMax: number };
  /**
   * `use`, the default: what was found under the same inputs is taken. `renew`: everything runs, and is kept. `none`: everything
   * runs, and nothing is kept: for work that could have changed what judges it.
   */
  cache?: 'use' | 'renew' | 'none';
  /** The commit whose `checks.yaml` says which variables the checks may see; absent: `commit` itself. */
  trusted?: string;
}

export interface TestOutcome {
  /** `<file> > <suite> > <name>`, stable between runs. */
  id: string;
  file: string;
  name: string;
  status: 'passed' | 'failed' | 'skipped';
  message?: string;
}

export interface CheckResult {
  checkKey: string;
  command: string;
  commit: string;
  /** Of one command by its exit code: 0 is passed. Of several checks: none of them failed. */
  status: 'passed' | 'failed' | 'timed_out';
  exitCode: number | null;
  signal: string | null;
  durationMs: number;
  /** Single tests where the runner is known (`node --test`, vitest); null when only the exit code speaks. */
  tests: TestOutcome[] | null;
  /** The end of the output, escape sequences removed, secrets redacted. */
  tail: string;
  /** Of a graph of checks, where it comes from: `checks.yaml`, or what it was detected from. Null for one command. */
  source?: string | null;
  /** What became of each check; one for a command. */
  checks?: CheckPart[];
  /** What the results from the cache took when they were made. */
  savedMs?: number;
  /** What was done so that the checks could be run: a sentence for each time that dependencies were installed. */
  fixed?: string[];
}

/** One check of a result. */
export interface CheckPart {
  name: string;
  status: 'passed' | 'failed' | 'warning' | 'flaky' | 'skipped' | 'cancelled';
  /** Whether it was not run, because it was run on the same inputs before. */
  cached: boolean;
  /** A sentence: why it failed or was skipped, or why its result may be used again. */
  why: string;
  /** What it took when it ran. */
  durationMs: number;
  /** The hash of its inputs; null where they cannot be told. */
  key: string | null;
}

export interface LayJudgeRequest {
  repositoryId: string;
  /** The trusted commit that the judge is taken from. */
  base: string;
  commit: string;
  /** The check's command: a file that it names belongs to the judge. */
  command: string;
  /** What of the judge is the work, and stays as the commit has it. */
  leave: readonly JudgeKind[];
}

export interface LaidJudge {
  touched: { path: string; kind: JudgeKind; change: 'added' | 'changed' | 'removed' }[];
  /** Null when nothing had to be put in its place. */
  commit: string | null;
  tree: string | null;
}

export interface LayTestsRequest {
  repositoryId: string;
  /** The trusted commit: what tests it has are not new. */
  base: string;
  testsOf: string;
  codeOf: string;
  /** The check's command: a file that it names belongs to the judge. */
  command: string;
}

export interface LaidTests {
  /** Test files that `testsOf` added or changed, and what of them is read by them. */
  tests: string[];
  /** Null when there is no new test. */
  commit: string | null;
  tree: string | null;
}

export interface RemoveRefsRequest {
  repositoryId: string;
  refs: { ref: string; commit: string | null }[];
}

export interface RefsRemoved {
  removed: string[];
  gone: string[];
  /** They hold another commit than the named one, and are left. */
  differing: string[];
}

export interface MergeRequest {
  repositoryId: string;
  branch: string;
  candidates: {
    candidateId: string;
    commit: string;
    message: string;
    /** `commit` is a merge of this one that the branch holds, and is to be taken out of it. */
    revertOf?: string;
  }[];
}

export type MergeResult =
  | { outcome: 'merged'; onto: string; commit: string; tree: string }
  /** The branch holds the candidate already; of a revert: nothing of it any more. */
  | { outcome: 'contained'; onto: string; commit: string }
  | { outcome: 'conflict'; onto: string; files: string[] }
  /** Of a revert: the branch does not hold that merge. */
  | { outcome: 'absent'; onto: string };

export interface DeliverRequest {
  repositoryId: string;
  path: string;
  runBranch: string | null;
  commit: string;
  base?: { branch: string; from: string };
}

export interface DeliverResult {
  runBranch: string | null;
  /** `moved`: the base branch is at the commit. `left`: it was not touched, for the reason given. */
  base: 'moved' | 'left' | 'not_asked';
  reason: string | null;
}

export type RunnerEvent =
  /** It is about to be started, with this token: told before its program can show it to anybody. */
  | { type: 'agent_claimed'; agentId: string; tokenHash: string }
  | { type: 'agent_exited'; agentId: string }
  | { type: 'agent_output'; agentId: string; outputBytes: number; at: number };
