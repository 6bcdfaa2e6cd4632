import { Fault, type HephError, isFailure } from '../kernel/errors.ts';
import type { Agent } from '../machines/agent/index.ts';
import type { AgentPreset } from '../machines/config/index.ts';
import type { Task } from '../machines/task/index.ts';
import type { Phase, Workflow } from '../machines/workflow/index.ts';
import type { AgentProbe, RunnerEvent, WorktreeReady } from '../runtime/runner.ts';
import { baseOf, branchOf, candidateIdOf } from './base.ts';
import { type Hands, type Obligation, type Process, type Said, settled } from './define-process.ts';
import { isOurs } from './ownership.ts';
import { composePrompt, PROMPT_TEMPLATE } from './prompt.ts';
import { composeResultPrompt, RESULT_TEMPLATE } from './result-prompt.ts';
import { composeReviewPrompt, REVIEW_TEMPLATE } from './review-prompt.ts';
import { type Entity, isEndedAgent, isEndedTask, isEndedWorkflow } from './entity.ts';
import type { World } from './world.ts';

/**
 * An agent's life: worktree, prompt, terminal, end. What the runner sees by itself (an exit, output, silence) comes in as
 * a hint and is probed before it is believed.
 */
export interface AgentSignals {
  /** Agents of which an end was seen, or that nobody has probed since this server started, each with how many hints there were. */
  readonly suspects: Map<string, number>;
  /** When each agent was last heard of, by output or report (epoch ms). */
  readonly heardAt: Map<string, number>;
  /** The hash of the token that an agent is being started with, until its start is recorded. */
  readonly claims: Map<string, string>;
  /** Agents that lived when the last server ended and that this one has not found yet, each with when it began to look (epoch ms). */
  readonly unmet: Map<string, number>;
}

export function createSignals(): AgentSignals {
  return { suspects: new Map(), heardAt: new Map(), claims: new Map(), unmet: new Map() };
}

function suspect({ suspects }: AgentSignals, agentId: string): void {
  suspects.set(agentId, (suspects.get(agentId) ?? 0) + 1);
}

/** It is started while it is being recorded that its worktree is ready. */
function mayRunUnrecorded(agent: Entity | undefined): boolean {
  return agent?.value === 'preparing' || agent?.value === 'starting';
}

/**
 * Whether a token belongs to an agent whose start is not in the log yet. It may be running: it can be quicker than the word
 * of it, most of all when a server was killed between the two.
 */
export function isStarting({ claims }: AgentSignals, world: World, tokenHash: string): boolean {
  for (const [agentId, claimed] of claims)
    if (claimed === tokenHash && mayRunUnrecorded(world.agents.get(agentId))) return true;
  return false;
}

/**
 * What a server that has just started must know of the agents that were there before it: of those that lived nobody knows
 * yet whether they still do, and one may run although the last server had no time to record that it was started.
 */
export function meetAgents(
  signals: AgentSignals,
  world: World,
  { found, now }: { found: readonly AgentProbe[]; now: number },
): void {
  for (const agent of world.agents.values()) {
    if (!agent.value.startsWith('live.') || !isOurs(agent, world)) continue;
    suspect(signals, agent.id);
    signals.unmet.set(agent.id, now);
  }
  for (const probe of found) {
    const tokenHash = probe.state === 'running' || probe.state === 'absent' ? probe.tokenHash : undefined;
    if (tokenHash !== undefined && mayRunUnrecorded(world.agents.get(probe.agentId)))
      signals.claims.set(probe.agentId, tokenHash);
  }
}

/** A hint of the runner's about an agent that the log has not ended. */
export function hear(signals: AgentSignals, event: RunnerEvent): void {
  switch (event.type) {
    case 'agent_claimed':
      signals.claims.set(event.agentId, event.tokenHash);
      return;
    case 'agent_output':
      signals.heardAt.set(event.agentId, event.at);
      return;
    case 'agent_exited':
      suspect(signals, event.agentId);
  }
}

export interface AgentSessionsParts {
  runnerId: string;
  signals: AgentSignals;
  dataDirectory: string;
  /** How an agent of that name is started; null when there is none. */
  preset(name: string, world: World): AgentPreset | null;
}

const ENVIRONMENT_CHECKS_MAX = 20;
const TEXT_MAX = 500;
const TERMINAL = { columns: 120, rows: 40 };
const STOPPABLE = ['requested', 'preparing', 'starting'];

export const agentSessions = (parts: AgentSessionsParts): Process => ({
  name: 'agent-sessions',
  concurrency: () => 16,
  obligations(entity, world) {
    if (entity.kind !== 'agent') return [];
    const agent = entity as Entity<Agent>;
    // Nothing is heard of one that has ended: what was kept of it goes.
    if (isEndedAgent(agent)) forgetSignals(agent.id, parts.signals);
    if (isEndedAgent(agent)) return [];
    if (agent.context.runnerId !== parts.runnerId) return [lostWithItsRunner(agent, world)];
    // From here on the world knows its token, or nobody is to know it.
    if (!mayRunUnrecorded(agent)) parts.signals.claims.delete(agent.id);
    return [...nextStep(agent, world, parts), ...unwanted(agent, world)];
  },
});

/** Its workflow was taken over from the runner that had started it; whatever could be found of it has been ended. */
function lostWithItsRunner(agent: Entity<Agent>, world: World): Obligation {
  const { workflowId, runnerId } = agent.context;
  const why = world.workflows.get(workflowId)?.context.adopted?.reason ?? '';
  const reason = `Its workflow was taken over from the runner ${runnerId}. ${why}`.trim();
  return {
    key: `lost:${agent.id}`,
    act: async ({ send }) => void (await settled(send('record_loss', { agentId: agent.id, reason }))),
  };
}

function forgetSignals(agentId: string, signals: AgentSignals): void {
  signals.suspects.delete(agentId);
  signals.heardAt.delete(agentId);
  signals.claims.delete(agentId);
  signals.unmet.delete(agentId);
}

function nextStep(agent: Entity<Agent>, world: World, parts: AgentSessionsParts): Obligation[] {
  const { id: agentId, value } = agent;
  switch (value) {
    case 'requested':
      return [step('choose-base', agentId, (hands) => chooseBase(agent, hands))];
    // One step, so that nothing is begun twice: the agent starts while it is being recorded that its worktree is ready.
    case 'preparing':
    case 'starting':
      return [step('start', agentId, (hands) => start(agent, hands, parts))];
    case 'stopping':
      return [{ key: `stop:${agentId}`, act: (hands) => stop(agent, hands), attemptsMax: 20 }];
    default:
      return watchLive(agent, world, parts);
  }
}

function step(name: string, agentId: string, act: (hands: Hands) => Promise<void>): Obligation {
  return {
    key: `${name}:${agentId}`,
    act,
    giveUp: async ({ send }, error: HephError) =>
      void (await settled(send('record_failure', { agentId, code: error.code, reason: error.message }))),
  };
}

/** Of one that was requested before its base could be told. */
async function chooseBase(agent: Entity<Agent>, { world, runner, send }: Hands): Promise<void> {
  const commit = await baseOf(agent.context, world, runner);
  if (!commit) throw new Fault('worktree.failed', 'The task of this agent has ended meanwhile.', { retryable: false });
  await settled(send('prepare_agent', { agentId: agent.id, branch: branchOf(agent.context.taskId), commit }));
}

/** Where its worktree is, and when it is recorded that it is ready. */
async function prepare(
  agent: Entity<Agent>,
  preset: AgentPreset,
  { world, runner, send }: Hands,
): Promise<{ path: string; recorded: Promise<unknown> }> {
  const { taskId, repositoryId, workflowId, attempt, branch, base } = agent.context;
  const workflow = world.workflows.get(workflowId);
  if (!branch || !base || !workflow)
    throw new Fault('worktree.failed', 'The workflow of this agent has ended meanwhile.', { retryable: false });
  const worktree = { taskId, repositoryId, branch, commit: base };
  // Answers where it is; it exists already.
  if (agent.value === 'starting')
    return { path: (await runner.prepareWorktree(worktree)).path, recorded: Promise.resolve() };
  // Work that could not be merged goes on upon what it did not merge with: the agent finds both in its files. One that
  // cannot read a conflict makes it again. What stood there is kept by the runner.
  const before = world.candidates.get(candidateIdOf(taskId, attempt - 1));
  const anew = before?.outcome === 'refused';
  const unfinished = anew && preset.conflicts !== 'anew' ? before.commit : null;
  const { takesOut } = world.tasks.get(taskId)?.context.spec ?? {};
  if (anew) await runner.removeWorktree({ taskId, repositoryId });
  const ready = await runner.prepareWorktree({
    ...worktree,
    ...(unfinished ? { unfinished } : takesOut && { undo: takesOut.commit }),
    copyIgnored: { from: workflow.context.repository.path, globs: ['node_modules'] },
    trusted: workflow.context.repository.baseCommit,
  });
  const recorded = settled(send('record_worktree', { agentId: agent.id, commit: base, ...readyAs(ready) }));
  // Whoever called waits for it after the agent has started; until then nobody does.
  recorded.catch(() => undefined);
  // Until that is on the disk a crash makes it anew, and then nobody may work in it.
  if (anew) await recorded;
  return { path: ready.path, recorded };
}

/** What is recorded of a worktree: of each check of its environment whether and why it passed. */
function readyAs({ branch, environment }: WorktreeReady) {
  if (!environment) return { branch };
  const checks = environment.checks.slice(0, ENVIRONMENT_CHECKS_MAX);
  return {
    branch,
    environment: {
      checks: checks.map(({ name, status, cached, why }) => ({ name, status, cached, why: why.slice(0, TEXT_MAX) })),
      fixed: environment.fixed.slice(0, ENVIRONMENT_CHECKS_MAX).map((line) => line.slice(0, TEXT_MAX)),
    },
  };
}

async function start(agent: Entity<Agent>, hands: Hands, parts: AgentSessionsParts): Promise<void> {
  const { world, runner, blobs, send } = hands;
  const { taskId, workflowId, branch } = agent.context;
  const workflow = world.workflows.get(workflowId)?.context;
  const task = world.tasks.get(taskId)?.context;
  const phase = workflow?.definition.phases.find((one) => one.name === task?.spec.phase);
  const preset = parts.preset(agent.context.agent, world);
  if (!workflow || !task || !phase || !branch)
    throw new Fault('terminal.failed', 'The task of this agent has ended meanwhile.', { retryable: false });
  // Slot, assignment and request go to the disk together; that the last is there does not say that the first is.
  if (!world.fleet.context.slots[agent.id])
    throw new Fault('terminal.failed', 'This agent holds no slot of the fleet.', { retryable: true });
  if (!preset)
    throw new Fault('terminal.failed', `There is no agent named ${agent.context.agent} any more.`, {
      retryable: false,
    });
  const { words, template } = wordsFor(task, workflow, phase, branch);
  const hash = await blobs.put(words);
  const { path, recorded: readyRecorded } = await prepare(agent, preset, hands);
  // It may have been stopped while the worktree was made ready.
  if (!STOPPABLE.includes(world.agents.get(agent.id)?.value ?? '')) return void (await readyRecorded);
  const { limits } = world.settings;
  const model = task.spec.model ?? preset.model;
  const fill = (text: string) =>
    text.replaceAll('{check}', workflow.tests ?? workflow.check ?? '').replaceAll('{model}', model);
  const { agentId: _same, ...started } = await runner.startAgent({
    agentId: agent.id,
    taskId,
    worktree: path,
    argv: preset.argv.map(fill),
    env: Object.fromEntries(Object.entries(preset.env).map(([name, value]) => [name, fill(value)])),
    passEnv: preset.passEnv,
    files: Object.fromEntries(Object.entries(preset.files).map(([name, value]) => [name, fill(value)])),
    prompt: words,
    dataDirectory: parts.dataDirectory,
    terminal: TERMINAL,
    limits: { wallMs: preset.wallMs ?? limits.agentWallMs, transcriptBytesMax: limits.transcriptBytesMax },
  });
  // It may have ended before anybody listened: it is looked at as soon as it counts as living.
  suspect(parts.signals, agent.id);
  const prompt = { ...template, hash, memoryIds: [] };
  const lives = { ...started, ...(preset.takes && { takes: preset.takes }) };
  const [recorded] = await Promise.all([
    settled(send('record_start', { agentId: agent.id, prompt, started: lives })),
    readyRecorded,
  ]);
  // It was stopped while it started, and its end may be recorded already: nobody else would look after it.
  if (!recorded) {
    await runner.stopAgent({ agentId: agent.id, graceMs: limits.stopGraceMs });
    forgetSignals(agent.id, parts.signals);
  }
}

/** What an agent is told depends on whether it works, reviews work, or reviews a result. */
function wordsFor(task: Task, workflow: Workflow, phase: Phase, branch: string) {
  const { review } = task.spec;
  if (!review) return { words: composePrompt({ workflow, phase, task, branch }), template: PROMPT_TEMPLATE };
  if (review.submission === undefined)
    return { words: composeReviewPrompt({ workflow, phase, task }), template: REVIEW_TEMPLATE };
  return { words: composeResultPrompt({ workflow, task }), template: RESULT_TEMPLATE };
}

async function stop(agent: Entity<Agent>, hands: Hands): Promise<void> {
  const probe = await hands.runner.stopAgent({ agentId: agent.id, graceMs: hands.world.settings.limits.stopGraceMs });
  await recordEnd(agent.id, probe, hands);
}

async function recordEnd(agentId: string, probe: AgentProbe, { world, send, sendInTurn }: Hands): Promise<void> {
  switch (probe.state) {
    case 'absent':
      await settled(
        send('record_failure', { agentId, code: 'stopped', reason: 'It was stopped before it had started.' }),
      );
      return;
    case 'lost':
      await settled(send('record_loss', { agentId, reason: probe.reason }));
      return;
    case 'exited': {
      const { code, signal, how, livedMs } = probe.exit;
      const exit: Said = ['record_exit', { agentId, exit: { code, signal, how, livedMs } }];
      // Of one that lived for a moment only it is asked what it said, before its slot is given back.
      const lived = livedMs >= world.settings.fleet.diedAtOnceMs;
      const release: Said[] = lived ? [['release_slot', { agentId, outcome: 'used' }]] : [];
      for (const answer of await sendInTurn(exit, ...release)) await settled(Promise.resolve(answer));
      return;
    }
    case 'running':
      throw new Fault('agent.not_stopped', `The processes of ${agentId} still run.`);
  }
}

function watchLive(agent: Entity<Agent>, world: World, { signals, preset }: AgentSessionsParts): Obligation[] {
  const out: Obligation[] = [];
  const task = world.tasks.get(agent.context.taskId);
  if (task?.value === 'assigned' && task.context.agentId === agent.id) {
    const { attempt } = agent.context;
    out.push({
      key: `live:${agent.id}`,
      light: true,
      act: async ({ send }) =>
        void (await settled(send('start_task', { taskId: task.id, agentId: agent.id, attempt }))),
    });
  }
  if (signals.suspects.has(agent.id)) {
    // A look that was given up is repeated when something more is seen of it.
    const hints = signals.suspects.get(agent.id);
    out.push({ key: `probe:${agent.id}:${hints}`, light: true, act: (hands) => probe(agent, hands, signals) });
    return out;
  }
  // What is recorded of it in between, such as a message that was typed, is no word of its own.
  const { since } = agent.context;
  const heardAt = Math.max(signals.heardAt.get(agent.id) ?? 0, since, task?.last.at ?? 0);
  const silence = preset(agent.context.agent, world)?.silenceMs ?? world.settings.limits.agentSilenceMs;
  if (agent.value === 'live.no_signal') {
    if (heardAt > since) out.push(activity(agent.id, 'working', 'It was heard again.', heardAt));
  } else {
    const dueAt = heardAt + silence;
    out.push({
      ...activity(agent.id, 'no_signal', `Neither output nor report for ${Math.round(silence / 1000)} s.`, heardAt),
      notBefore: dueAt,
    });
  }
  return out;
}

function activity(agentId: string, to: 'working' | 'no_signal', evidence: string, heardAt: number): Obligation {
  return {
    key: `${to}:${agentId}:${heardAt}`,
    light: true,
    act: async ({ send }) => void (await settled(send('record_activity', { agentId, activity: to, evidence }))),
  };
}

/** The suspicion stays until the look is over, so that one that fails is repeated; a hint that comes meanwhile asks for another. */
async function probe(agent: Entity<Agent>, hands: Hands, { suspects, heardAt, unmet }: AgentSignals): Promise<void> {
  const hints = suspects.get(agent.id);
  const found = await hands.runner.probeAgent({ agentId: agent.id });
  if (found.state === 'running') {
    if (found.lastOutputAt !== null) heardAt.set(agent.id, found.lastOutputAt);
    if (suspects.get(agent.id) === hints) suspects.delete(agent.id);
    unmet.delete(agent.id);
    return;
  }
  if (found.state === 'absent')
    await settled(hands.send('record_loss', { agentId: agent.id, reason: 'Nothing is left of it on this machine.' }));
  else await recordEnd(agent.id, found, hands);
}

/** Why an agent that lives has nothing to do here any more; it is then stopped. */
function unwanted(agent: Entity<Agent>, world: World): Obligation[] {
  if (agent.value === 'stopping') return [];
  const reason = reasonToStop(agent, world);
  if (!reason) return [];
  const notBefore =
    reason.graceful && !STOPPABLE.includes(agent.value) ? reason.since + world.settings.limits.exitGraceMs : 0;
  return [
    {
      key: `unwanted:${agent.id}`,
      light: true,
      notBefore,
      act: async ({ send }) => {
        const answer = await send('stop_agent', { agentId: agent.id, reason: reason.text });
        if (isFailure(answer) && answer.kind !== 'rejected') throw new Fault('agent.not_stopped', answer.message);
      },
    },
  ];
}

function reasonToStop(agent: Entity<Agent>, world: World): { text: string; graceful: boolean; since: number } | null {
  const task: Entity<Task> | undefined = world.tasks.get(agent.context.taskId);
  const workflow = world.workflows.get(agent.context.workflowId);
  const at = (since: number, text: string, graceful = false) => ({ text, graceful, since });
  if (world.fleet.value === 'stopped')
    return at(world.fleet.last.at, `The whole fleet was stopped. ${world.fleet.context.reason ?? ''}`.trim());
  if (!task || !workflow) return at(0, 'Its task is not known any more.');
  if (task.value === 'cancelled' || task.value === 'duplicated') return at(task.last.at, `Its task was ${task.value}.`);
  if (isEndedWorkflow(workflow)) return at(workflow.last.at, `Its workflow is ${workflow.value}.`);
  if (task.context.agentId !== agent.id) return at(0, 'Its task has gone on to another attempt.');
  if (isEndedTask(task)) return at(task.last.at, 'Its task has ended.', true);
  if (task.value === 'blocked_on_validation') return at(task.context.since, 'It has reported its outcome.', true);
  if (task.value === 'queued') return at(0, 'Its attempt has ended.');
  return null;
}
