import type { AgentFact } from '../../machines/agent/index.ts';
import type { BestOfNFact } from '../../machines/best-of-n/index.ts';
import { type ConfigFact, configActor } from '../../machines/config/index.ts';
import type { TaskFact } from '../../machines/task/index.ts';
import type { WorkflowFact } from '../../machines/workflow/index.ts';
import type { StoredEvent } from '../../store/event-store.ts';
import { evidenceOf } from '../evidence.ts';
import { addToSeries, newSeries } from './series.ts';
import type { CostState, Entry, Run } from './state.ts';

/** Of so many ended runs the tasks are told apart; of older ones phases, agents and models are. */
const ENDED_MAX = 100;
const GOAL_SHOWN_MAX = 200;

export function foldCost(state: CostState, event: StoredEvent): void {
  const fact = event as StoredEvent & (AgentFact | BestOfNFact | ConfigFact | TaskFact | WorkflowFact);
  switch (fact.type) {
    case 'ConfigChanged':
    case 'ConfigOverridden':
      state.config = configActor.evolve(state.config, fact, event.at);
      return;
    case 'WorkflowStarted': {
      const { workflowId, definition, goal } = fact.data;
      Object.assign(runOf(state, workflowId), { name: definition.name, goal: goal.slice(0, GOAL_SHOWN_MAX) });
      return;
    }
    case 'WorkflowCompleted':
    case 'WorkflowFailed':
    case 'WorkflowCancelled':
      return end(state, event.meta.scope?.workflowId ?? '');
    case 'TaskCreated': {
      const { taskId, workflowId, title, phase, agent, model = null } = fact.data;
      runOf(state, workflowId).tasks.set(taskId, { title, phase, agent, model });
      return;
    }
    case 'AgentRequested': {
      const { agentId, taskId, workflowId, agent } = fact.data;
      const run = runOf(state, workflowId);
      const { phase = null, model = null } = run.tasks.get(taskId) ?? {};
      // Which model a preset names may change; what counts is what it named then.
      const preset = state.config.settings.agents[agent]?.model || null;
      const entry = entryOf(run, { taskId, phase, agent, model: model ?? preset });
      run.agents.set(agentId, { key: keyOf(entry), told: false });
      return;
    }
    case 'AgentStarted': {
      const { workflowId = '', agentId = '' } = event.meta.scope ?? {};
      const run = runOf(state, workflowId);
      const entry = run.entries.get(run.agents.get(agentId)?.key ?? '');
      if (entry) entry.started += 1;
      return;
    }
    case 'UsageReported': {
      const { workflowId = '', taskId = null } = event.meta.scope ?? {};
      return report(state, runOf(state, workflowId), { event, taskId, ...fact.data });
    }
    case 'DraftsWritten': {
      const { model, inputTokens, outputTokens, costUsd } = fact.data;
      if (inputTokens === null && outputTokens === null && costUsd === null) return;
      const run = runOf(state, event.meta.scope?.workflowId ?? '');
      const amount = { inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0, costUsd: costUsd ?? 0 };
      return add(state, run, entryOf(run, { taskId: null, phase: null, agent: null, model }), {
        ...{ ...amount, wallMs: fact.data.modelMs, event },
      });
    }
    default:
  }
}

/** Of a run that is not known (its events are of another log) as well: what was used was used. */
function runOf(state: CostState, workflowId: string): Run {
  const known = state.runs.get(workflowId);
  if (known) return known;
  const none = { entries: new Map(), tasks: new Map(), agents: new Map(), series: newSeries(), merged: 0 };
  const run: Run = { workflowId, name: '', goal: '', ...none };
  state.runs.set(workflowId, run);
  return run;
}

type Whose = Pick<Entry, 'taskId' | 'phase' | 'agent' | 'model'>;

const keyOf = ({ taskId, phase, agent, model }: Whose) => JSON.stringify([taskId, phase, agent, model]);

function entryOf(run: Run, whose: Whose): Entry {
  const key = keyOf(whose);
  const known = run.entries.get(key);
  if (known) return known;
  const nothing = { inputTokens: 0, outputTokens: 0, costUsd: 0, wallMs: 0, reports: 0, started: 0, told: 0 };
  const entry: Entry = { ...whose, ...nothing, evidence: null };
  run.entries.set(key, entry);
  return entry;
}

type Used = Pick<Entry, 'inputTokens' | 'outputTokens' | 'costUsd' | 'wallMs'> & { event: StoredEvent };

function report(state: CostState, run: Run, used: Used & { taskId: string | null; agentId: string | null }): void {
  const agent = used.agentId === null ? undefined : run.agents.get(used.agentId);
  const task = run.tasks.get(used.taskId ?? '');
  const whose = {
    ...{ taskId: task ? used.taskId : null, phase: task?.phase ?? null },
    ...{ agent: task?.agent ?? null, model: task?.model ?? null },
  };
  const entry = run.entries.get(agent?.key ?? '') ?? entryOf(run, whose);
  if (agent && !agent.told) {
    agent.told = true;
    entry.told += 1;
  }
  add(state, run, entry, used);
}

function add(
  state: CostState,
  run: Run,
  entry: Entry,
  { event, inputTokens, outputTokens, costUsd, wallMs }: Used,
): void {
  entry.inputTokens += inputTokens;
  entry.outputTokens += outputTokens;
  entry.costUsd += costUsd;
  entry.wallMs += wallMs;
  entry.reports += 1;
  entry.evidence = evidenceOf(event);
  addToSeries(state.series, event.at, { inputTokens, outputTokens, costUsd });
  if (run.series) addToSeries(run.series, event.at, { inputTokens, outputTokens, costUsd });
}

function end(state: CostState, workflowId: string): void {
  state.ended.push(workflowId);
  const oldest = state.ended.length > ENDED_MAX ? state.ended.shift() : undefined;
  const run = oldest === undefined ? undefined : state.runs.get(oldest);
  if (run) mergeTasks(run);
}

/** A report that still comes is the run's, and nobody's in particular. */
function mergeTasks(run: Run): void {
  const entries = [...run.entries.values()];
  run.merged = run.tasks.size;
  run.entries = new Map();
  for (const { taskId: _task, ...one } of entries) {
    const entry = entryOf(run, { ...one, taskId: null });
    for (const field of ['inputTokens', 'outputTokens', 'costUsd', 'wallMs', 'reports', 'started', 'told'] as const)
      entry[field] += one[field];
    if ((one.evidence?.at ?? 0) >= (entry.evidence?.at ?? 0)) entry.evidence = one.evidence;
  }
  run.tasks.clear();
  run.agents.clear();
  run.series = null;
}
