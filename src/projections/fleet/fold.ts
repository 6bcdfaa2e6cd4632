import { type AgentFact, TAKES_NOTHING } from '../../machines/agent/index.ts';
import { type ConfigFact, configActor } from '../../machines/config/index.ts';
import type { FleetFact } from '../../machines/fleet/index.ts';
import type { RunnerFact } from '../../machines/runner/index.ts';
import type { TaskFact } from '../../machines/task/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { evidenceOf } from '../evidence.ts';
import { foldRunner } from '../runners.ts';
import { ENDED_AGENT_STATES, type FleetAgent, type FleetState, type Said } from './state.ts';

type Known =
  | AgentFact
  | FleetFact
  | RunnerFact
  | ConfigFact
  | Extract<TaskFact, { type: 'TaskCreated' | 'TreeKept' | 'UsageReported' }>;

const SAID_SHOWN_MAX = 300;
const TITLE_SHOWN_MAX = 120;

/** `endedMax`: so many ended agents stay. */
export function foldFleet(state: FleetState, event: StoredEvent, endedMax: number): void {
  const fact = event as StoredEvent & Known;
  switch (fact.type) {
    case 'TaskCreated': {
      const { taskId, title, parentTaskId } = fact.data;
      state.tasks.set(taskId, { title: title.slice(0, TITLE_SHOWN_MAX), parentTaskId, agentId: null });
      return;
    }
    case 'TreeKept': {
      const task = state.tasks.get(event.stream.slice(event.stream.indexOf('-') + 1));
      const agent = state.agents.get(task?.agentId ?? '');
      if (agent) agent.turn = fact.data.turn;
      return;
    }
    case 'AgentRequested': {
      const { agentId, taskId, workflowId, attempt, agent, runnerId } = fact.data;
      const evidence = evidenceOf(event);
      state.runners.set(runnerId, evidence);
      const task = state.tasks.get(taskId);
      if (task) task.agentId = agentId;
      state.agents.set(agentId, {
        agentId,
        taskId,
        workflowId,
        title: task?.title ?? null,
        parentTaskId: task?.parentTaskId ?? null,
        attempt,
        turn: null,
        agent,
        runnerId,
        status: event.meta.to ?? 'requested',
        evidence,
        signal: null,
        branch: null,
        base: null,
        pid: null,
        startedAt: null,
        usage: null,
        stop: null,
        takes: TAKES_NOTHING,
        said: null,
        end: null,
      });
      return;
    }
    case 'PreparationStarted':
    case 'WorktreeReady': {
      const agent = enter(state, event);
      if (agent) Object.assign(agent, { branch: fact.data.branch, base: fact.data.commit });
      return;
    }
    case 'AgentStarted': {
      const agent = enter(state, event);
      if (agent)
        Object.assign(agent, {
          pid: fact.data.pid,
          startedAt: fact.data.startedAt,
          takes: fact.data.takes ?? TAKES_NOTHING,
        });
      return;
    }
    case 'AgentWorking':
    case 'AgentIdle':
    case 'AgentNeedsInput':
    case 'AgentRateLimited':
    case 'AgentWentSilent': {
      const agent = enter(state, event);
      if (agent) agent.signal = fact.data.evidence;
      return;
    }
    case 'MessageSent': {
      const { messageId: id, text, by } = fact.data;
      return say(state, event, { id, what: 'message', text: text.slice(0, SAID_SHOWN_MAX), by });
    }
    case 'InterruptRequested': {
      const { interruptId: id, reason, by } = fact.data;
      return say(state, event, { id, what: 'interrupt', text: reason.slice(0, SAID_SHOWN_MAX), by });
    }
    case 'MessageDelivered':
      return hear(state, event, fact.data.messageId, { status: 'delivered', effect: fact.data.effect });
    case 'InterruptDelivered':
      return hear(state, event, fact.data.interruptId, { status: 'delivered', effect: fact.data.effect });
    case 'MessageUndelivered':
      return hear(state, event, fact.data.messageId, { status: 'undelivered', reason: fact.data.reason });
    case 'InterruptUndelivered':
      return hear(state, event, fact.data.interruptId, { status: 'undelivered', reason: fact.data.reason });
    case 'StopRequested': {
      const agent = enter(state, event);
      if (agent) agent.stop = { reason: fact.data.reason, by: fact.data.by };
      return;
    }
    case 'AgentExited': {
      const { how, code, signal, livedMs } = fact.data;
      return leave(state, event, { how, code, signal, livedMs, reason: null }, endedMax);
    }
    case 'AgentFailed':
      return leave(state, event, unseen('failed', fact.data.reason), endedMax);
    case 'AgentLost':
      return leave(state, event, unseen('lost', fact.data.reason), endedMax);
    case 'UsageReported': {
      const agent = fact.data.agentId === null ? undefined : state.agents.get(fact.data.agentId);
      if (!agent) return;
      const before = agent.usage ?? { inputTokens: 0, outputTokens: 0, costUsd: 0, wallMs: 0 };
      agent.usage = {
        inputTokens: before.inputTokens + fact.data.inputTokens,
        outputTokens: before.outputTokens + fact.data.outputTokens,
        costUsd: before.costUsd + fact.data.costUsd,
        wallMs: before.wallMs + fact.data.wallMs,
      };
      return;
    }
    case 'RunnerRegistered':
    case 'LeaseRenewed':
    case 'RunnerRetired':
      return foldRunner(state.heard, event);
    case 'SlotGranted': {
      const { agentId, taskId, agent } = fact.data;
      state.slots.set(agentId, { taskId, agent, evidence: evidenceOf(event) });
      return;
    }
    case 'SlotReleased':
      state.slots.delete(fact.data.agentId);
      return;
    case 'AgentKindStopped':
      state.stopped.set(fact.data.agent, { reason: fact.data.reason, evidence: evidenceOf(event) });
      return;
    case 'FleetPaused':
    case 'FleetStopped': {
      const status = fact.type === 'FleetPaused' ? 'paused' : 'stopped';
      state.fleet = { status, reason: fact.data.reason, evidence: evidenceOf(event) };
      return;
    }
    case 'FleetResumed':
      state.fleet = { status: 'open', reason: '', evidence: evidenceOf(event) };
      state.stopped.clear();
      return;
    case 'ConfigChanged':
    case 'ConfigOverridden':
      state.config = configActor.evolve(state.config, fact, event.at);
      return;
  }
}

/** Notes the agent's new state and what it rests on; undefined for one that was let go before. */
function enter(state: FleetState, event: StoredEvent): FleetAgent | undefined {
  const agent = agentOf(state, event);
  if (!agent) return undefined;
  agent.status = event.meta.to ?? agent.status;
  agent.evidence = evidenceOf(event);
  state.runners.set(agent.runnerId, agent.evidence);
  return agent;
}

/** Neither is a sign of the agent's own: its status rests on what it rested on before. */
function say(state: FleetState, event: StoredEvent, said: Pick<Said, 'id' | 'what' | 'text' | 'by'>): void {
  const agent = agentOf(state, event);
  if (agent) agent.said = { ...said, status: 'sent', effect: null, reason: null, evidence: evidenceOf(event) };
}

function hear(state: FleetState, event: StoredEvent, id: string, became: Partial<Said>): void {
  const agent = agentOf(state, event);
  if (agent?.said?.id === id) agent.said = { ...agent.said, ...became, evidence: evidenceOf(event) };
}

function agentOf(state: FleetState, event: StoredEvent): FleetAgent | undefined {
  return state.agents.get(event.stream.slice(event.stream.indexOf('-') + 1));
}

function leave(state: FleetState, event: StoredEvent, end: FleetAgent['end'], endedMax: number): void {
  const agent = enter(state, event);
  if (!agent) return;
  agent.end = end;
  if (!ENDED_AGENT_STATES.includes(agent.status)) return;
  state.ended.push(agent.agentId);
  if (state.ended.length > endedMax) state.agents.delete(state.ended.shift() as string);
}

/** Nobody saw how it ended, so there is no exit and no lifetime. */
function unseen(how: string, reason: string): FleetAgent['end'] {
  return { how, code: null, signal: null, livedMs: null, reason };
}
