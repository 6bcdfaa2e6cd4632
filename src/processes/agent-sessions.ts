import { Fault, type HephError, isFailure } from '../kernel/errors.ts';
import type { Agent } from '../machines/agent/index.ts';
import type { AgentPreset } from '../machines/config/index.ts';
import type { Task } from '../machines/task/index.ts';
import type { AgentProbe } from '../runtime/runner.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import { composePrompt, PROMPT_TEMPLATE } from './prompt.ts';
import { type Entity, isEndedAgent, isEndedTask, isEndedWorkflow, type World } from './world.ts';

/**
 * An agent's life: worktree, prompt, terminal, end. What the runner sees by itself (an exit, output, silence) comes in as
 * a hint and is probed before it is believed.
 */
export interface AgentSignals {
  /** Agents of which an end was seen, or that nobody has probed since this server started, each with how many hints there were. */
  readonly suspects: Map<string, number>;
  /** When each agent was last heard of, by output or report (epoch ms). */
  readonly heardAt: Map<string, number>;
}

export function suspect({ suspects }: AgentSignals, agentId: string): void {
  suspects.set(agentId, (suspects.get(agentId) ?? 0) + 1);
}

export interface AgentSessionsParts {
  runnerId: string;
  signals: AgentSignals;
  dataDirectory: string;
  /** How an agent of that name is started; null when there is none. */
  preset(name: string, world: World): AgentPreset | null;
}

const TERMINAL = { columns: 120, rows: 40 };
const STOPPABLE = ['requested', 'preparing', 'starting'];

export const agentSessions = (parts: AgentSessionsParts): Process => ({
  name: 'agent-sessions',
  concurrency: () => 8,
  obligations(entity, world) {
    if (entity.kind !== 'agent') return [];
    const agent = entity as Entity<Agent>;
    // Nothing is heard of one that has ended: what was kept of it goes.
    if (isEndedAgent(agent)) forgetSignals(agent.id, parts.signals);
    if (isEndedAgent(agent)) return [];
    if (agent.context.runnerId !== parts.runnerId) return [lostWithItsRunner(agent, world)];
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
}

function nextStep(agent: Entity<Agent>, world: World, parts: AgentSessionsParts): Obligation[] {
  const { id: agentId, value } = agent;
  switch (value) {
    case 'requested':
      return [step('choose-base', agentId, (hands) => chooseBase(agent, hands))];
    case 'preparing':
      return [step('prepare', agentId, (hands) => prepare(agent, hands))];
    case 'starting':
      return [step('start', agentId, (hands) => start(agent, hands, parts))];
    case 'stopping':
      return [{ key: `stop:${agentId}`, act: (hands) => stop(agent, hands), attemptsMax: 20 }];
    default:
      return watchLive(agent, world, parts.signals);
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

/** Further rounds go on where the last one stands; otherwise work begins on the run's tip. */
async function chooseBase(agent: Entity<Agent>, { world, runner, send }: Hands): Promise<void> {
  const { taskId, workflowId, repositoryId } = agent.context;
  const workflow = world.workflows.get(workflowId);
  const task = world.tasks.get(taskId);
  if (!workflow || !task)
    throw new Fault('worktree.failed', 'The task of this agent has ended meanwhile.', { retryable: false });
  const since = task.context.worktreeSince ?? agent.context.attempt;
  const previous = world.agentsOf(taskId).filter(({ context }) => {
    return context.base !== null && context.attempt >= since && context.attempt < agent.context.attempt;
  });
  const last = previous.sort((a, b) => b.context.attempt - a.context.attempt)[0];
  const tip = await runner.readBranch({ repositoryId, branch: workflow.context.runBranch });
  const fresh = world.candidates.get(candidateIdOf(taskId, agent.context.attempt - 1))?.outcome === 'refused';
  const commit = last?.context.base && !fresh ? last.context.base : (tip ?? workflow.context.repository.baseCommit);
  await settled(send('prepare_agent', { agentId: agent.id, branch: `heph/${taskId}`, commit }));
}

/** The candidate of one attempt at a task. */
export function candidateIdOf(taskId: string, attempt: number): string {
  return `${taskId}-${attempt}`;
}

async function prepare(agent: Entity<Agent>, { world, runner, send }: Hands): Promise<void> {
  const { taskId, repositoryId, workflowId, attempt, branch, base } = agent.context;
  const workflow = world.workflows.get(workflowId);
  if (!branch || !base || !workflow)
    throw new Fault('worktree.failed', 'The workflow of this agent has ended meanwhile.', { retryable: false });
  // Work that could not be merged is done again on what it did not merge with; what stood there is kept by the runner.
  if (world.candidates.get(candidateIdOf(taskId, attempt - 1))?.outcome === 'refused')
    await runner.removeWorktree({ taskId, repositoryId });
  const ready = await runner.prepareWorktree({
    taskId,
    repositoryId,
    branch,
    commit: base,
    copyIgnored: { from: workflow.context.repository.path, globs: ['node_modules'] },
  });
  await settled(send('record_worktree', { agentId: agent.id, branch: ready.branch, commit: base }));
}

async function start(agent: Entity<Agent>, hands: Hands, parts: AgentSessionsParts): Promise<void> {
  const { world, runner, blobs, send } = hands;
  const { taskId, repositoryId, workflowId, branch, base } = agent.context;
  const workflow = world.workflows.get(workflowId)?.context;
  const task = world.tasks.get(taskId)?.context;
  const phase = workflow?.definition.phases.find((one) => one.name === task?.spec.phase);
  const preset = parts.preset(agent.context.agent, world);
  if (!workflow || !task || !phase || !branch || !base)
    throw new Fault('terminal.failed', 'The task of this agent has ended meanwhile.', { retryable: false });
  if (!preset)
    throw new Fault('terminal.failed', `There is no agent named ${agent.context.agent} any more.`, {
      retryable: false,
    });
  const prompt = composePrompt({ workflow, phase, task, branch });
  const hash = await blobs.put(prompt);
  // Answers where the worktree is; it exists already.
  const { path } = await runner.prepareWorktree({ taskId, repositoryId, branch, commit: base });
  // It may have been stopped while the worktree was made ready.
  if (world.agents.get(agent.id)?.value !== 'starting') return;
  const { limits } = world.settings;
  const fill = (text: string) => text.replaceAll('{check}', workflow.check ?? '').replaceAll('{model}', preset.model);
  const started = await runner.startAgent({
    agentId: agent.id,
    taskId,
    worktree: path,
    argv: preset.argv.map(fill),
    env: Object.fromEntries(Object.entries(preset.env).map(([name, value]) => [name, fill(value)])),
    passEnv: preset.passEnv,
    files: Object.fromEntries(Object.entries(preset.files).map(([name, value]) => [name, fill(value)])),
    prompt,
    dataDirectory: parts.dataDirectory,
    terminal: TERMINAL,
    limits: { wallMs: preset.wallMs ?? limits.agentWallMs, transcriptBytesMax: limits.transcriptBytesMax },
  });
  const { agentId: _same, ...facts } = started;
  // It may have ended before anybody listened: it is looked at as soon as it counts as living.
  suspect(parts.signals, agent.id);
  const recorded = await settled(
    send('record_start', { agentId: agent.id, prompt: { ...PROMPT_TEMPLATE, hash, memoryIds: [] }, started: facts }),
  );
  // It was stopped while it started, and its end may be recorded already: nobody else would look after it.
  if (!recorded) {
    await runner.stopAgent({ agentId: agent.id, graceMs: limits.stopGraceMs });
    forgetSignals(agent.id, parts.signals);
  }
}

async function stop(agent: Entity<Agent>, hands: Hands): Promise<void> {
  const probe = await hands.runner.stopAgent({ agentId: agent.id, graceMs: hands.world.settings.limits.stopGraceMs });
  await recordEnd(agent.id, probe, hands);
}

async function recordEnd(agentId: string, probe: AgentProbe, { send }: Hands): Promise<void> {
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
      await settled(send('record_exit', { agentId, exit: { code, signal, how, livedMs } }));
      return;
    }
    case 'running':
      throw new Fault('agent.not_stopped', `The processes of ${agentId} still run.`);
  }
}

function watchLive(agent: Entity<Agent>, world: World, signals: AgentSignals): Obligation[] {
  const out: Obligation[] = [];
  const task = world.tasks.get(agent.context.taskId);
  if (task?.value === 'assigned' && task.context.agentId === agent.id) {
    const { attempt } = agent.context;
    out.push({
      key: `live:${agent.id}`,
      act: async ({ send }) =>
        void (await settled(send('start_task', { taskId: task.id, agentId: agent.id, attempt }))),
    });
  }
  if (signals.suspects.has(agent.id)) {
    out.push({ key: `probe:${agent.id}`, act: (hands) => probe(agent, hands, signals) });
    return out;
  }
  const heardAt = Math.max(signals.heardAt.get(agent.id) ?? 0, agent.last.at, task?.last.at ?? 0);
  const silence = world.settings.limits.agentSilenceMs;
  if (agent.value === 'live.no_signal') {
    if (heardAt > agent.last.at) out.push(activity(agent.id, 'working', 'It was heard again.', heardAt));
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
    act: async ({ send }) => void (await settled(send('record_activity', { agentId, activity: to, evidence }))),
  };
}

/** The suspicion stays until the look is over, so that one that fails is repeated; a hint that comes meanwhile asks for another. */
async function probe(agent: Entity<Agent>, hands: Hands, { suspects, heardAt }: AgentSignals): Promise<void> {
  const hints = suspects.get(agent.id);
  const found = await hands.runner.probeAgent({ agentId: agent.id });
  if (found.state === 'running') {
    if (found.lastOutputAt !== null) heardAt.set(agent.id, found.lastOutputAt);
    if (suspects.get(agent.id) === hints) suspects.delete(agent.id);
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
