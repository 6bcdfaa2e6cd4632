import type { Moment, Rendered, Row } from '../define-projection.ts';
import { ageMs, type Evidence } from '../evidence.ts';
import { ENDED_AGENT_STATES, type FleetAgent, type FleetState } from './state.ts';

export function renderFleet(state: FleetState, params: Record<string, unknown>, { asOf }: Moment): Rendered {
  const { agents, counts } = renderAgents(state, params, asOf);
  const { cap, perAgent } = state.config.settings.fleet;
  const summary = {
    counts,
    slots: {
      used: state.slots.size,
      cap,
      free: Math.max(0, cap - state.slots.size),
      perAgent,
      held: [...state.slots].map(([agentId, slot]) => ({ agentId, ...slot, ageMs: ageMs(slot.evidence, asOf) })),
    },
    fleet: { ...state.fleet, ageMs: state.fleet.evidence && ageMs(state.fleet.evidence, asOf) },
    stoppedAgents: [...state.stopped].map(([agent, why]) => ({ agent, ...why, ageMs: ageMs(why.evidence, asOf) })),
    runners: [...state.runners].map(([runnerId, evidence]) => runnerOf(state, runnerId, evidence, asOf)),
  };
  return { rows: agents, summary };
}

/** The agents of one workflow: slots and runners belong to no workflow, so they are left out. */
export function renderAgentsOnly(state: FleetState, params: Record<string, unknown>, { asOf }: Moment): Rendered {
  const { agents, counts } = renderAgents(state, params, asOf);
  return { rows: agents, summary: { counts } };
}

function renderAgents(state: FleetState, params: Record<string, unknown>, asOf: number) {
  const agents: Record<string, Row> = {};
  const counts: Record<string, number> = {};
  for (const agent of state.agents.values()) {
    if (params.workflowId !== undefined && agent.workflowId !== params.workflowId) continue;
    agents[agent.agentId] = rowOf(agent, asOf);
    counts[agent.status] = (counts[agent.status] ?? 0) + 1;
  }
  return { agents, counts };
}

function rowOf(agent: FleetAgent, asOf: number): Row {
  const living = !ENDED_AGENT_STATES.includes(agent.status);
  return { ...agent, living, ageMs: ageMs(agent.evidence, asOf) };
}

/** Whether a runner itself is well is not in the log; only what it was last heard of is. */
function runnerOf(state: FleetState, runnerId: string, evidence: Evidence, asOf: number) {
  const living = [...state.agents.values()].filter(
    (agent) => agent.runnerId === runnerId && !ENDED_AGENT_STATES.includes(agent.status),
  );
  return { runnerId, status: 'unknown', agents: living.length, evidence, ageMs: ageMs(evidence, asOf) };
}
