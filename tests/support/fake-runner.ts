import { createHash } from 'node:crypto';
import { Fault, HephError } from '../../src/kernel/errors.ts';
import type { MutationResult } from '../../src/runtime/mutation/mutation.ts';
import type { ScorerResult } from '../../src/runtime/scorers/scorer.ts';
import type {
  AgentProbe,
  AgentStart,
  CheckResult,
  MergeRequest,
  MergeResult,
  Runner,
  RunnerEvent,
  TestOutcome,
} from '../../src/runtime/runner.ts';

/** A word that makes no test red and leaves one mutant alive: `untested:a < b`. */
const UNTESTED = 'untested:';

/**
 * A runner without a machine below it. A commit is a set of words: the bugs it still has. An agent is a function that
 * takes words away and speaks through the command bus. Every effect is counted, so that a test can say "once".
 */
export type FakeAgent = (session: FakeSession) => Promise<void> | void;

/** A word that is an edited test, which no longer sees the bug: `blind:one`. */
const BLIND = 'blind:';
/** A word that is a patched test runner: whatever the tests say, it prints that all is well. */
const FAKE_RUNNER = 'fake-runner';
/** A word that is a test which was not there before. */
const NEW_TEST = 'new-test';
/** A word that is a new test, which asks that the code has a bug no more that no other test sees: `asks:hidden:one`. */
const ASKS = 'asks:';
const HIDDEN = 'hidden:';
const isNewTest = (word: string) => word === NEW_TEST || word.startsWith(ASKS);
const ofJudge = (word: string) => word === FAKE_RUNNER || isNewTest(word) || word.startsWith(BLIND);
/** A word that is a module which the base does not import: `imports:lodash`. */
const IMPORTS = 'imports:';

export interface FakeSession {
  start: AgentStart;
  /** Changes the bugs of the worktree. */
  fix(...bugs: string[]): void;
  add(...bugs: string[]): void;
  /** What its terminal shows in the end. */
  print(text: string): void;
  exit(code?: number): void;
}

interface Running {
  start: AgentStart;
  state: 'running' | 'exited' | 'lost';
  startedAt: number;
  printed: string;
  exit: { code: number | null; signal: string | null; how: 'exited' | 'stopped' | 'timed_out'; livedMs: number } | null;
}

export interface FakeRunner extends Runner {
  /** What each verb was called for, in order: `startAgent agt_…`. */
  readonly calls: string[];
  /** The bugs in a branch of the mirror. */
  bugsOf(branch: string): string[];
  userBase(): string[];
  /** A commit on the base, as if somebody had left it there. */
  commit(...words: string[]): { commit: string; tree: string };
  readonly base: string;
  agents: Map<string, Running>;
  /** Fails the next call of a verb. */
  failNext(verb: string, error: Error): void;
  lose(agentId: string): void;
  /** The user commits to the base branch while a run is on its way: one more bug. */
  userCommits(bug: string): void;
}

export interface FakeRunnerOptions {
  bugs: string[];
  agent: FakeAgent;
  now: () => number;
  /** Two bugs that cannot be fixed in parallel: their fixes conflict. */
  conflicts?: [string, string][];
  /** Two words that make no test red, but for where both of them are: their work merges and does not fit. */
  clashes?: [string, string][];
  /** Something was typed into an agent's terminal; it may answer. */
  typed?: (agentId: string, data: string, print: (text: string) => void) => void;
  /** Bugs that do not come back by themselves: a revert of what mended one conflicts. */
  stuck?: string[];
}

export function createFakeRunner(options: FakeRunnerOptions): FakeRunner {
  const commits = new Map<string, Set<string>>();
  const branches = new Map<string, string>();
  const worktrees = new Map<string, { base: string; bugs: Set<string> }>();
  const agents = new Map<string, Running>();
  const checks = new Map<string, CheckResult>();
  const measured = new Map<string, MutationResult>();
  const scored = new Map<string, ScorerResult>();
  const listeners = new Set<(event: RunnerEvent) => void>();
  const failures = new Map<string, Error[]>();
  const typed = new Map<string | undefined, { outputBytes: number }>();
  const calls: string[] = [];
  const parents = new Map<string, string>();
  const brought = new Map<string, string>();

  const commitOf = (bugs: Iterable<string>, parent = ''): string => {
    const id = createHash('sha1')
      .update(`${parent}|${[...bugs].sort().join(',')}`)
      .digest('hex');
    commits.set(id, new Set(bugs));
    parents.set(id, parent);
    return id;
  };
  const treeOf = (bugs: Iterable<string>) => `tree-${[...bugs].sort().join(',') || 'clean'}`;
  const bugsIn = (commit: string) => commits.get(commit) ?? new Set<string>();
  const pastOf = (commit: string): Set<string> => {
    const past = new Set([commit]);
    for (const one of past) for (const side of [parents, brought]) if (side.get(one)) past.add(side.get(one) as string);
    return past;
  };
  /** Where two sides parted. */
  const partedAt = (onto: string, candidate: string): string => {
    const past = pastOf(onto);
    return [...pastOf(candidate)].find((one) => past.has(one)) ?? base;
  };
  const base = commitOf(options.bugs);
  let userBase = base;

  const called = (verb: string, what: string) => {
    calls.push(`${verb} ${what}`);
    const failure = failures.get(verb)?.shift();
    if (failure) throw failure;
  };
  const probe = (agentId: string): AgentProbe => {
    const agent = agents.get(agentId);
    if (!agent) return { agentId, state: 'absent' };
    if (agent.state === 'lost')
      return { agentId, state: 'lost', reason: 'its holder was killed', outputBytes: 0, tokenHash: null };
    if (agent.exit)
      return { agentId, state: 'exited', exit: { ...agent.exit, at: options.now() }, outputBytes: 0, tokenHash: null };
    return { ...startedOf(agentId, agent), state: 'running', outputBytes: 0, lastOutputAt: agent.startedAt };
  };
  const startedOf = (agentId: string, agent: Running) => ({
    agentId,
    holderPid: 1,
    pid: 2,
    startedAt: agent.startedAt,
    bootId: 'boot',
    tokenHash: createHash('sha256').update(agentId).digest('hex'),
  });
  const end = (agentId: string, exit: NonNullable<Running['exit']>) => {
    const agent = agents.get(agentId);
    if (!agent || agent.state !== 'running') return;
    agent.state = 'exited';
    agent.exit = exit;
    for (const listener of listeners) listener({ type: 'agent_exited', agentId });
  };

  function mergeOne(
    onto: string,
    { candidateId, commit: candidate, revertOf }: MergeRequest['candidates'][number],
  ): MergeResult {
    called('mergeCandidate', candidateId);
    if (revertOf !== undefined) {
      if (!pastOf(onto).has(candidate)) return { outcome: 'absent', onto };
      const had = bugsIn(candidate);
      const back = [...bugsIn(parents.get(candidate) ?? '')].filter((bug) => !had.has(bug));
      if (back.some((bug) => options.stuck?.includes(bug))) return { outcome: 'conflict', onto, files: ['a.js'] };
      const reverted = new Set([...bugsIn(onto), ...back]);
      if (treeOf(reverted) === treeOf(bugsIn(onto))) return { outcome: 'contained', onto, commit: onto };
      return { outcome: 'merged', onto, commit: commitOf(reverted, onto), tree: treeOf(reverted) };
    }
    const from = bugsIn(partedAt(onto, candidate));
    const mine = bugsIn(candidate);
    const fixed = [...from].filter((bug) => !mine.has(bug));
    const added = [...mine].filter((bug) => !from.has(bug));
    const theirs = bugsIn(onto);
    const clash =
      parents.get(candidate) !== onto &&
      options.conflicts?.some(([one, other]) =>
        [one, other].some(
          (bug) => fixed.includes(bug) && from.has(other) && from.has(one) && !(theirs.has(one) && theirs.has(other)),
        ),
      );
    if (clash) return { outcome: 'conflict', onto, files: ['a.js'] };
    const merged = new Set([...theirs].filter((bug) => !fixed.includes(bug)));
    for (const bug of added) merged.add(bug);
    const commit = commitOf(merged, onto);
    brought.set(commit, candidate);
    return { outcome: 'merged', onto, commit, tree: treeOf(merged) };
  }

  return {
    id: 'local',
    calls,
    agents,
    bugsOf: (branch) => [...bugsIn(branches.get(branch) ?? '')].sort(),
    userBase: () => [...bugsIn(userBase)].sort(),
    base,
    commit: (...words) => ({ commit: commitOf(words, base), tree: treeOf(words) }),
    failNext: (verb, error) => void failures.set(verb, [...(failures.get(verb) ?? []), error]),
    userCommits(bug) {
      userBase = commitOf([...bugsIn(userBase), bug], userBase);
    },
    lose(agentId) {
      const agent = agents.get(agentId);
      if (agent) agent.state = 'lost';
      for (const listener of listeners) listener({ type: 'agent_exited', agentId });
    },

    async inspectRepository({ path, branch }) {
      called('inspectRepository', path);
      if (path === '/nowhere') throw new HephError('repository.not_found', `${path} is no git repository.`);
      return {
        repositoryId: 'rep_0',
        path,
        baseBranch: branch ?? 'main',
        baseCommit: userBase,
        dirty: false,
        detectedCheck: 'npm test',
      };
    },
    async openRun({ runBranch, commit }) {
      called('openRun', runBranch ?? commit);
      if (runBranch === undefined) return { commit };
      if (!branches.has(runBranch)) branches.set(runBranch, commit);
      return { commit: branches.get(runBranch) as string };
    },
    async readBranch({ branch }) {
      return branches.get(branch) ?? null;
    },
    async prepareWorktree({ taskId, branch, commit, unfinished, undo }) {
      called('prepareWorktree', taskId);
      if (unfinished) called('layUnfinished', taskId);
      if (undo) called('layUndone', taskId);
      if (!worktrees.has(taskId)) worktrees.set(taskId, { base: commit, bugs: new Set(bugsIn(commit)) });
      return { path: `/worktrees/${taskId}`, branch, commit };
    },
    async keepTree({ taskId, base: from }) {
      called('keepTree', taskId);
      const worktree = worktrees.get(taskId);
      if (!worktree) throw new Fault('git.failed', 'no worktree');
      const changed = treeOf(worktree.bugs) !== treeOf(bugsIn(from));
      const commit = changed ? commitOf(worktree.bugs, from) : null;
      return {
        commit,
        tree: treeOf(worktree.bugs),
        ref: commit && `refs/heph/turns/${taskId}/1`,
        files: changed ? [{ path: 'a.js', insertions: 1, deletions: 1 }] : [],
      };
    },
    async removeWorktree({ taskId }) {
      called('removeWorktree', taskId);
      return { removed: worktrees.delete(taskId), rescued: null };
    },
    async startAgent(start) {
      const existing = agents.get(start.agentId);
      if (existing) return startedOf(start.agentId, existing);
      called('startAgent', start.agentId);
      const printed = `last words of ${start.agentId}\n`;
      const agent: Running = { start, state: 'running', startedAt: options.now(), printed, exit: null };
      agents.set(start.agentId, agent);
      const { agentId, tokenHash } = startedOf(start.agentId, agent);
      for (const listener of listeners) listener({ type: 'agent_claimed', agentId, tokenHash });
      const worktree = worktrees.get(start.taskId);
      const session: FakeSession = {
        start,
        fix: (...bugs) => bugs.forEach((bug) => worktree?.bugs.delete(bug)),
        add: (...bugs) => bugs.forEach((bug) => worktree?.bugs.add(bug)),
        print: (text) => {
          agent.printed = text;
        },
        exit: (code = 0) => end(start.agentId, { code, signal: null, how: 'exited', livedMs: 10_000 }),
      };
      queueMicrotask(() => void options.agent(session));
      return startedOf(start.agentId, agent);
    },
    async probeAgent({ agentId }) {
      called('probeAgent', agentId);
      return probe(agentId);
    },
    async stopAgent({ agentId }) {
      called('stopAgent', agentId);
      end(agentId, { code: null, signal: 'SIGTERM', how: 'stopped', livedMs: 10_000 });
      return probe(agentId);
    },
    async observeAgent({ agentId, cursor, files }) {
      called('observeAgent', agentId);
      const found = probe(agentId);
      const bytes = Buffer.from(agents.get(agentId)?.printed ?? '');
      const worktree = worktrees.get(agents.get(agentId)?.start.taskId ?? '');
      const changed = worktree && treeOf(worktree.bugs) !== treeOf(bugsIn(worktree.base)) ? ['a.js'] : [];
      return {
        ...{ agentId, state: found.state, outputBytes: bytes.length, lastOutputAt: null },
        ...{ text: bytes.subarray(cursor ?? 0).toString(), nextCursor: bytes.length, skippedBytes: 0 },
        ...{ processorMs: found.state === 'running' ? 0 : null, files: files ? { paths: changed, more: 0 } : null },
      };
    },
    async listAgents() {
      return [...agents.keys()].map(probe);
    },
    async readTerminal({ agentId, cursor }) {
      const agent = agents.get(agentId);
      const data = Buffer.from(agent?.printed ?? '').subarray(cursor);
      return {
        agentId,
        cursor,
        nextCursor: cursor + data.length,
        data: data.toString('base64'),
        ended: agent?.state !== 'running',
        droppedBefore: 0,
      };
    },
    async writeTerminal({ agentId, data, key }) {
      const agent = agents.get(agentId);
      if (agent?.state !== 'running')
        throw new Fault('terminal.gone', `${agentId} does not run.`, { retryable: false });
      const before = typed.get(key);
      if (before !== undefined) return before;
      called('writeTerminal', `${agentId} ${data}`);
      const now = { outputBytes: Buffer.byteLength(agent.printed) };
      if (key !== undefined) typed.set(key, now);
      options.typed?.(agentId, data, (text) => void (agent.printed += text));
      return now;
    },
    async runCheck({ checkKey, commit, command }) {
      const known = checks.get(checkKey);
      if (known) return known;
      called('runCheck', commit);
      const words = bugsIn(commit);
      const unseen = (word: string) => ofJudge(word) || word.startsWith(HIDDEN) || word.startsWith(IMPORTS);
      const seen = [...words].filter((word) => !unseen(word) && !words.has(`${BLIND}${word}`));
      const bugs = new Set(words.has(FAKE_RUNNER) ? [] : seen);
      const clash = options.clashes?.some((pair) => pair.every((word) => words.has(word)));
      if (clash && !words.has(`${BLIND}broken:fine`)) bugs.add('broken:fine');
      const asked = [...words].filter((word) => word.startsWith(ASKS)).map((word) => word.slice(ASKS.length));
      const tests: TestOutcome[] = [...options.bugs, 'fine'].map((name) => ({
        id: `test/${name}.test.js > ${name}`,
        file: `test/${name}.test.js`,
        name,
        status: bugs.has(name) ? 'failed' : 'passed',
      }));
      const extra = [...bugs].filter((bug) => !options.bugs.includes(bug));
      const red = [...bugs].some((bug) => !bug.startsWith(UNTESTED)) || asked.some((bug) => words.has(bug));
      const more = asked.map((name): TestOutcome => {
        const file = `test/${ASKS}${name}.test.js`;
        return { id: `${file} > ${name}`, file, name, status: words.has(name) ? 'failed' : 'passed' };
      });
      const result: CheckResult = {
        checkKey,
        command,
        commit,
        status: red ? 'failed' : 'passed',
        exitCode: red ? 1 : 0,
        signal: null,
        durationMs: 1,
        tests: [
          ...tests.map((test) =>
            extra.includes(`broken:${test.name}`) ? { ...test, status: 'failed' as const } : test,
          ),
          ...more,
        ],
        tail: '',
      };
      checks.set(checkKey, result);
      return result;
    },
    async mutate({ key, commit }) {
      const known = measured.get(key);
      if (known) return known;
      called('mutate', commit);
      const survived = [...bugsIn(commit)]
        .filter((bug) => bug.startsWith(UNTESTED))
        .map((bug) => ({
          ...{ file: 'a.js', line: 1, column: 1, mutator: 'EqualityOperator', ran: true },
          ...{ original: bug.slice(UNTESTED.length), replacement: 'true' },
        }));
      const [mutants, killed] = [survived.length + 3, 3];
      const result: MutationResult = {
        ...{ measured: true, mutants, killed, survived, timedOut: 0, untested: 0 },
        ...{ score: killed / mutants, unmeasured: [], millis: 1 },
      };
      measured.set(key, result);
      return result;
    },
    async layJudge({ base: from, commit, leave }) {
      called('layJudge', commit);
      const words = [...bugsIn(commit)];
      const touched = words.filter((word) => ofJudge(word) && !bugsIn(from).has(word));
      const kept = words.filter((word) => {
        const tests = isNewTest(word) || (word.startsWith(BLIND) && leave.includes('test'));
        return tests || !touched.includes(word);
      });
      const laid = kept.length < words.length;
      return {
        touched: touched.map((path) => ({
          path,
          kind: path === FAKE_RUNNER ? ('runner' as const) : ('test' as const),
          change: isNewTest(path) ? ('added' as const) : ('changed' as const),
        })),
        commit: laid ? commitOf(kept, commit) : null,
        tree: laid ? treeOf(kept) : null,
      };
    },
    async layTests({ testsOf, codeOf }) {
      called('layTests', testsOf);
      const asked = [...bugsIn(testsOf)].filter((word) => word.startsWith(ASKS));
      if (asked.length === 0) return { tests: [], commit: null, tree: null };
      const words = [...[...bugsIn(codeOf)].filter((word) => !ofJudge(word)), ...asked];
      const tests = asked.map((word) => `test/${word}.test.js`);
      return { tests, commit: commitOf(words, codeOf), tree: treeOf(words) };
    },
    async measureChange({ base: from, commit, sources }) {
      called('measureChange', commit);
      const before = bugsIn(from);
      const newImports = [...bugsIn(commit)]
        .filter((word) => word.startsWith(IMPORTS) && !before.has(word))
        .map((word) => word.slice(IMPORTS.length));
      const reuse = { tokens: 20, repeated: 0, called: ['helper'], defined: [] };
      return {
        files: [{ path: 'a.js', insertions: 1, deletions: 1 }],
        changedLines: 2,
        code: sources ? { newImports, unreadImports: [], reuse, unread: 0 } : null,
      };
    },
    async readDiff({ from, to }) {
      called('readDiff', to ?? 'worktree');
      return { from: from ?? base, to: to ?? base, files: [], filesMore: 0 };
    },
    async runScorer({ key, commit }) {
      const known = scored.get(key);
      if (known) return known;
      called('runScorer', commit);
      const value = 1 / (1 + [...bugsIn(commit)].filter((word) => !ofJudge(word)).length);
      const result: ScorerResult = { value, reason: null, tail: '', durationMs: 1 };
      scored.set(key, result);
      return result;
    },
    async mergeCandidates({ branch, candidates }) {
      let tip = branches.get(branch);
      if (!tip) throw new Fault('git.failed', `no branch ${branch}`);
      const results: MergeResult[] = [];
      for (const candidate of candidates) {
        const result = mergeOne(tip, candidate);
        if (result.outcome === 'merged') tip = result.commit;
        results.push(result);
      }
      return results;
    },
    async removeRefs({ repositoryId, refs }) {
      called('removeRefs', repositoryId);
      return { removed: refs.map(({ ref }) => ref), gone: [], differing: [] };
    },
    async moveBranch({ branch, from, to }) {
      called('moveBranch', branch);
      const at = branches.get(branch) ?? null;
      if (at === to) return { moved: true, at };
      if (at !== from) return { moved: false, at };
      branches.set(branch, to);
      return { moved: true, at: to };
    },
    async deliver({ runBranch, commit, base: target }) {
      called('deliver', runBranch ?? target?.branch ?? '');
      if (!target) return { runBranch, base: 'not_asked', reason: null };
      if (userBase !== target.from && userBase !== commit) return { runBranch, base: 'left', reason: 'it moved' };
      userBase = commit;
      return { runBranch, base: 'moved', reason: null };
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {},
  };
}
