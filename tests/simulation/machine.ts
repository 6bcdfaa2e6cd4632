import { sha256 } from '../../src/kernel/canonical.ts';
import { Fault } from '../../src/kernel/errors.ts';
import type {
  AgentExit,
  AgentProbe,
  AgentStart,
  AgentStarted,
  CheckResult,
  MergeResult,
  Runner,
  RunnerEvent,
} from '../../src/runtime/runner.ts';
import { AGENT_TOKEN_PREFIX } from '../../src/commands/index.ts';
import type { Chance } from './chance.ts';
import { createLife, type Life } from './life.ts';
import type { Loop } from './loop.ts';
import { BUGS, type Options } from './options.ts';
import type { Plants } from './plants.ts';
import { createRepository, type Repository } from './repository.ts';

/**
 * The machine that the runner works on: repositories, worktrees, terminals. It outlives every server. A verb takes its
 * time before its effect and after it; it may fail on either side, and its effect may come when the server that asked is
 * dead already.
 */
export interface Machine {
  readonly repository: Repository;
  /** The hands of one server. */
  runnerFor(life: Life): Runner;
  readonly processes: readonly AgentProcess[];
  readonly worktrees: Map<string, Worktree>;
  /** Trees that were kept when nobody wrote to them: `<task> <turn> <tree>`. */
  readonly whole: ReadonlySet<string>;
  /** What nobody may ever see happen; told as it happens. */
  readonly wrong: readonly string[];
  /** From now on nothing fails by itself. */
  calm(): void;
}

interface Worktree {
  base: string;
  bugs: Set<string>;
}

/** One agent's process; a second one for the same agent is a mistake. */
export interface AgentProcess {
  start: AgentStart;
  token: string;
  life: Life;
  startedAt: number;
  /** Virtual time. */
  spawnedAt: number;
  lastOutputAt: number | null;
  outputBytes: number;
  /** By key: what was typed into its terminal, and how much it had printed before. */
  typed: Map<string, { data: string; outputBytes: number }>;
  end: { exit: AgentExit | null; at: number } | null;
}

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

/** What runs in an agent's terminal. */
export type AgentScript = (session: Session) => Promise<void>;

/** One incarnation of an agent has one. */
export function tokenOf(agentId: string): string {
  return `${AGENT_TOKEN_PREFIX}${sha256(agentId)}`;
}

export interface MachineParts {
  loop: Loop;
  chance: Chance;
  options: Options;
  plants: Plants;
  now(): number;
  script: AgentScript;
  /** Called after each effect, before anybody hears of it. */
  effected(life: Life): void;
}

export function createMachine(parts: MachineParts): Machine {
  const { loop, chance, options, plants } = parts;
  const repository = createRepository(BUGS.slice(0, options.bugs), options.conflicting);
  const worktrees = new Map<string, Worktree>();
  const agents = new Map<string, AgentProcess>();
  const processes: AgentProcess[] = [];
  /** Agents that somebody began to start, and those of them that were stopped before they ran. */
  const claimed = new Set<string>();
  const closed = new Set<string>();
  const checks = new Map<string, CheckResult>();
  const wrong: string[] = [];
  const whole = new Set<string>();
  const listeners = new Map<Life, Set<(event: RunnerEvent) => void>>();
  let owner: Life | null = null;
  let calm = false;

  function hint(event: RunnerEvent): void {
    for (const [life, all] of listeners) {
      for (const listener of all) {
        if (!calm && chance.hit(options.hintLossRate)) continue;
        loop.after(chance.int(0, 20), () => listener(event), life);
      }
    }
  }

  function spawn(start: AgentStart): AgentProcess {
    const life = createLife(start.agentId);
    const started: AgentProcess = {
      ...{
        start,
        token: tokenOf(start.agentId),
        life,
        startedAt: parts.now(),
        spawnedAt: loop.now(),
        lastOutputAt: null,
        outputBytes: 0,
        typed: new Map(),
        end: null,
      },
    };
    const living = processes.filter((one) => !one.end && one.start.taskId === start.taskId);
    if (agents.has(start.agentId)) wrong.push(`I4 ${start.agentId} was started twice`);
    else if (living.length > 0)
      wrong.push(
        `I6 ${start.agentId} works on ${start.taskId} beside ${living.map(({ life: { name } }) => name).join()}`,
      );
    if (!worktrees.has(start.taskId)) wrong.push(`I6 ${start.agentId} was started without a worktree`);
    processes.push(started);
    agents.set(start.agentId, started);
    loop.trace(`spawn ${start.agentId}`);
    loop.after(start.limits.wallMs, () => end(started, exitOf(started, null, 'SIGKILL', 'timed_out')), life);
    if (!calm && chance.hit(options.holderLossRate)) loop.after(chance.int(50, 20_000), () => end(started, null), life);
    loop.after(chance.int(1, 30), () => void parts.script(sessionOf(started)), life);
    return started;
  }

  function sessionOf(agent: AgentProcess): Session {
    const { start, life } = agent;
    const worktree = () => worktrees.get(start.taskId);
    return {
      start,
      token: agent.token,
      chance: chance.fork(start.agentId),
      pause: (ms) => loop.pause(ms, life),
      output() {
        if (agent.end) return;
        agent.outputBytes += 10;
        agent.lastOutputAt = parts.now();
        hint({ type: 'agent_output', agentId: start.agentId, outputBytes: agent.outputBytes, at: agent.lastOutputAt });
      },
      fix: (...bugs) => bugs.forEach((bug) => worktree()?.bugs.delete(bug)),
      add: (...bugs) => bugs.forEach((bug) => worktree()?.bugs.add(bug)),
      exit: (code) => end(agent, exitOf(agent, code, null, 'exited')),
    };
  }

  function exitOf(agent: AgentProcess, code: number | null, signal: string | null, how: AgentExit['how']): AgentExit {
    const at = parts.now();
    return { code, signal, how, at, livedMs: Math.max(0, at - agent.startedAt) };
  }

  /** Without an exit: the holder was killed and nobody saw how it ended. */
  function end(agent: AgentProcess, exit: AgentExit | null): void {
    if (agent.end) return;
    agent.end = { exit, at: loop.now() };
    loop.trace(`end ${agent.start.agentId} ${exit ? exit.how : 'lost'}`);
    agent.life.die();
    hint({ type: 'agent_exited', agentId: agent.start.agentId });
  }

  function probe(agentId: string): AgentProbe {
    const agent = agents.get(agentId);
    if (!agent && closed.has(agentId))
      return { agentId, state: 'lost', reason: 'it was never started', outputBytes: 0, tokenHash: null };
    const tokenHash = sha256(tokenOf(agentId));
    if (!agent) return { agentId, state: 'absent', ...(claimed.has(agentId) && { tokenHash }) };
    const { outputBytes, lastOutputAt } = agent;
    if (!agent.end) return { ...factsOf(agent), state: 'running', outputBytes, lastOutputAt };
    if (!agent.end.exit) return { agentId, state: 'lost', reason: 'its holder was killed', outputBytes, tokenHash };
    return { agentId, state: 'exited', exit: agent.end.exit, outputBytes, tokenHash };
  }

  function factsOf(agent: AgentProcess) {
    const { start, startedAt, token } = agent;
    return { agentId: start.agentId, holderPid: 1, pid: 2, startedAt, bootId: 'boot', tokenHash: sha256(token) };
  }

  function move(branch: string, to: string): void {
    if (!repository.judged.has(repository.treeOf(to)))
      wrong.push(`I15 ${branch} moved to a tree that was never checked`);
    if ([...repository.bugsIn(to)].some((bug) => bug.startsWith('broken:')))
      wrong.push(`I15 ${branch} moved to a tree that breaks what passed`);
  }

  /** A check of merged work that is red for no reason. */
  function byChance(result: CheckResult): CheckResult {
    const isRed = repository.isMerge(result.commit) && chance.hit(options.flakyRate);
    return isRed ? { ...result, status: 'failed', exitCode: 1, tests: null } : result;
  }

  function runnerFor(life: Life): Runner {
    owner = life;
    const starting = new Map<string, Promise<AgentStarted>>();
    const fenced = () => {
      if (owner === life) return;
      throw new Fault('log.fenced', 'A later server has taken over the agents.', { retryable: false });
    };

    function carryOut(start: AgentStart): AgentStarted {
      if (closed.has(start.agentId))
        throw new Fault('terminal.gone', `${start.agentId} was lost before it ran.`, { retryable: false });
      const known = plants.has('double_spawn') ? undefined : agents.get(start.agentId);
      return factsOf(known ?? spawn(start));
    }

    /** Before its effect a verb may be lost with its server, or go on without it. */
    function verb<T>(name: string, ms: number, effect: () => T): Promise<T> {
      return new Promise((resolve, reject) => {
        const fault = !calm && chance.hit(options.runnerFaultRate) ? chance.pick(['before', 'after']) : null;
        const later = (how: () => void) => loop.after(chance.int(0, Math.ceil(ms / 4)), how, life);
        const failed = () => later(() => reject(new Fault('git.failed', `${name} failed by chance`)));
        const survives = chance.hit(0.5);
        const carryOut = () => {
          if (fault === 'before') return failed();
          loop.trace(name);
          try {
            const answer = effect();
            if (fault === 'after') failed();
            else later(() => resolve(answer));
          } catch (error) {
            later(() => reject(error));
          }
          parts.effected(life);
        };
        const stalls = !calm && chance.hit(options.stallRate);
        loop.after(stalls ? chance.int(5_000, 60_000) : chance.int(1, ms), carryOut, survives ? undefined : life);
      });
    }

    return {
      id: 'local',
      inspectRepository: ({ path, branch }) =>
        verb('inspectRepository', 50, () => ({
          ...{ repositoryId: 'rep_0', path, baseBranch: branch ?? 'main', baseCommit: repository.base() },
          ...{ dirty: false, detectedCheck: 'npm test' },
        })),
      openRun: ({ runBranch, commit }) =>
        verb(`openRun ${runBranch}`, 400, () => {
          if (runBranch === undefined) return { commit };
          if (!repository.branches.has(runBranch)) repository.branches.set(runBranch, commit);
          return { commit: repository.branches.get(runBranch) as string };
        }),
      readBranch: ({ branch }) => verb(`readBranch ${branch}`, 20, () => repository.branches.get(branch) ?? null),
      prepareWorktree: ({ taskId, branch, commit }) =>
        verb(`prepareWorktree ${taskId}`, 1500, () => {
          if (!worktrees.has(taskId)) worktrees.set(taskId, { base: commit, bugs: new Set(repository.bugsIn(commit)) });
          return { path: `/worktrees/${taskId}`, branch, commit };
        }),
      keepTree: ({ taskId, turn, base, message }) =>
        verb(`keepTree ${taskId} ${turn}`, 400, () => {
          const worktree = worktrees.get(taskId);
          if (!worktree) throw new Fault('git.failed', 'no worktree');
          const commit = repository.commit(worktree.bugs, [base], message);
          const changed = repository.treeOf(commit) !== repository.treeOf(base);
          const isWriting = processes.some((one) => !one.end && one.start.taskId === taskId);
          if (!isWriting) whole.add(`${taskId} ${turn} ${repository.treeOf(commit)}`);
          return {
            ...{ commit: changed ? commit : null, tree: repository.treeOf(commit) },
            ref: changed ? `refs/heph/turns/${taskId}/${turn}` : null,
            files: changed ? [{ path: 'src/a.js', insertions: 1, deletions: 1 }] : [],
          };
        }),
      removeWorktree: ({ taskId }) =>
        verb(`removeWorktree ${taskId}`, 400, () => {
          if (processes.some((one) => !one.end && one.start.taskId === taskId))
            wrong.push(`I8 the worktree of ${taskId} was removed under its living agent`);
          return { removed: worktrees.delete(taskId), rescued: null };
        }),
      async startAgent(start) {
        fenced();
        // From here on a stop knows that something is on its way, and a later server that something may have been.
        claimed.add(start.agentId);
        const tokenHash = sha256(tokenOf(start.agentId));
        for (const listener of listeners.get(life) ?? [])
          listener({ type: 'agent_claimed', agentId: start.agentId, tokenHash });
        const begun = starting.get(start.agentId) ?? verb(`startAgent ${start.agentId}`, 600, () => carryOut(start));
        starting.set(start.agentId, begun);
        return begun.finally(() => starting.delete(start.agentId));
      },
      async probeAgent({ agentId }) {
        await starting.get(agentId)?.catch(() => undefined);
        return verb(`probeAgent ${agentId}`, 20, () => probe(agentId));
      },
      async stopAgent({ agentId, graceMs }) {
        fenced();
        await starting.get(agentId)?.catch(() => undefined);
        return verb(`stopAgent ${agentId}`, graceMs + 50, () => {
          const agent = agents.get(agentId);
          if (!agent && claimed.has(agentId)) closed.add(agentId);
          if (agent) end(agent, exitOf(agent, null, 'SIGTERM', 'stopped'));
          return probe(agentId);
        });
      },
      observeAgent: ({ agentId, cursor }) =>
        verb(`observeAgent ${agentId}`, 20, () => {
          const found = probe(agentId);
          const running = found.state === 'running';
          return {
            ...{ agentId, state: found.state, outputBytes: running ? found.outputBytes : 0, text: '' },
            ...{ lastOutputAt: running ? found.lastOutputAt : null, nextCursor: cursor ?? 0, skippedBytes: 0 },
            ...{ processorMs: running ? 0 : null, files: null },
          };
        }),
      listAgents: () => verb('listAgents', 20, () => [...new Set([...agents.keys(), ...claimed])].map(probe)),
      readTerminal: ({ agentId, cursor }) =>
        verb(`readTerminal ${agentId}`, 10, () => ({
          ...{ agentId, cursor, nextCursor: cursor + 4, data: 'Ynll', droppedBefore: 0 },
          ended: probe(agentId).state !== 'running',
        })),
      writeTerminal: ({ agentId, data, key }) =>
        verb(`writeTerminal ${agentId}`, 10, () => {
          const agent = agents.get(agentId);
          if (!agent || agent.end) throw new Fault('terminal.gone', `${agentId} does not run.`, { retryable: false });
          const forgets = plants.has('typed_twice') || key === undefined;
          const known = forgets ? `${agent.typed.size}` : key;
          const before = agent.typed.get(known);
          if (before) return { outputBytes: before.outputBytes };
          agent.typed.set(known, { data, outputBytes: agent.outputBytes });
          return { outputBytes: agent.outputBytes };
        }),
      runCheck: ({ checkKey, commit, command }) =>
        verb(`runCheck ${commit.slice(0, 8)}`, checks.has(checkKey) ? 10 : 8000, () => {
          const result = checks.get(checkKey) ?? byChance(repository.check(checkKey, command, commit));
          checks.set(checkKey, result);
          return result;
        }),
      mutate: ({ commit }) =>
        verb(`mutate ${commit.slice(0, 8)}`, 8000, () => ({
          ...{ measured: false, reason: 'words cannot be mutated', unmeasured: [], millis: 8000 },
        })),
      layJudge: async () => ({ touched: [], commit: null, tree: null }),
      layTests: async () => ({ tests: [], commit: null, tree: null }),
      readDiff: ({ from, to, base }) =>
        verb('readDiff', 100, () => ({ from: from ?? base, to: to ?? base, files: [], filesMore: 0 })),
      measureChange: ({ commit }) =>
        verb(`measureChange ${commit.slice(0, 8)}`, 100, () => ({
          files: [{ path: 'src/a.js', insertions: 1, deletions: 1 }],
          ...{ changedLines: 2, code: null },
        })),
      runScorer: ({ commit }) =>
        verb(`runScorer ${commit.slice(0, 8)}`, 2000, () => ({ value: 1, reason: null, tail: '', durationMs: 2000 })),
      mergeCandidates: ({ branch, candidates }) =>
        verb(`mergeCandidates ${candidates.map(({ candidateId }) => candidateId).join(' ')}`, options.mergeMs, () => {
          let tip = repository.branches.get(branch);
          if (!tip) throw new Fault('git.failed', `no branch ${branch}`);
          const results: MergeResult[] = [];
          for (const { commit } of candidates) {
            const result = repository.merge(tip, commit);
            if (result.outcome === 'merged') tip = result.commit;
            results.push(result);
          }
          return results;
        }),
      removeRefs: ({ refs }) =>
        verb('removeRefs', 50, () => ({ removed: refs.map(({ ref }) => ref), gone: [], differing: [] })),
      moveBranch: ({ branch, from, to }) =>
        verb(`moveBranch ${branch}`, 50, () => {
          const at = repository.branches.get(branch) ?? null;
          if (at === to) return { moved: true, at };
          if (at !== from) return { moved: false, at };
          move(branch, to);
          repository.branches.set(branch, to);
          return { moved: true, at: to };
        }),
      deliver: ({ runBranch, commit, base }) =>
        verb(`deliver ${runBranch}`, 300, () => {
          if (!base) return { runBranch, base: 'not_asked', reason: null };
          const now = repository.base();
          if (now !== base.from && now !== commit && !repository.contains(now, commit))
            return { runBranch, base: 'left', reason: 'it moved' };
          if (now === base.from) {
            move(base.branch, commit);
            repository.moveBase(commit);
          }
          return { runBranch, base: 'moved', reason: null };
        }),
      watch(listener) {
        const mine = listeners.get(life) ?? new Set();
        listeners.set(life, mine.add(listener));
        life.onDeath(() => listeners.delete(life));
        return () => mine.delete(listener);
      },
      close: async () => {},
    };
  }

  return { repository, runnerFor, processes, worktrees, whole, wrong, calm: () => void (calm = true) };
}
