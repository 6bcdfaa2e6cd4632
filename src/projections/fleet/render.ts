import type { Moment, Rendered, Row } from '../define-projection.ts';
import { ageMs, type Evidence } from '../evidence.ts';
import { type HeardRunners, whyGone } from '../runners.ts';
import { ENDED_AGENT_STATES, type FleetAgent, type FleetState } from './state.ts';

export function renderFleet(state: FleetState, params: Record<string, unknown>, { asOf }: Moment): Rendered {
  const { agents, counts } = renderAgents(state, params, asOf, state.heard);
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
    runners: runnersOf(state, asOf),
  };
  return { rows: agents, summary };
}

/** The agents of one workflow: slots and runners belong to no workflow, so they are left out. */
export function renderAgentsOnly(state: FleetState, params: Record<string, unknown>, moment: Moment): Rendered {
  const { heard } = (moment.whole as FleetState | undefined) ?? state;
  const { agents, counts } = renderAgents(state, params, moment.asOf, heard);
  return { rows: agents, summary: { counts } };
}

function renderAgents(state: FleetState, params: Record<string, unknown>, asOf: number, heard: HeardRunners) {
  const agents: Record<string, Row> = {};
  const counts: Record<string, number> = {};
  for (const agent of state.agents.values()) {
    if (params.workflowId !== undefined && agent.workflowId !== params.workflowId) continue;
    const shown = heard.has(agent.runnerId) ? asHeard(agent, heard, asOf) : agent;
    agents[agent.agentId] = rowOf(shown, asOf);
    counts[shown.status] = (counts[shown.status] ?? 0) + 1;
  }
  return { agents, counts };
}

/** What an agent was doing when its runner was last heard of is not what it does now. */
function asHeard(agent: FleetAgent, heard: HeardRunners, asOf: number): FleetAgent {
  const gone = agent.status.startsWith('live.') ? whyGone(agent.runnerId, heard, asOf) : null;
  const evidence = heard.get(agent.runnerId)?.evidence;
  return gone !== null && evidence ? { ...agent, status: 'live.no_signal', signal: gone, evidence } : agent;
}

function rowOf(agent: FleetAgent, asOf: number): Row {
  const living = !ENDED_AGENT_STATES.includes(agent.status);
  return { ...agent, living, ageMs: ageMs(agent.evidence, asOf) };
}

function runnersOf(state: FleetState, asOf: number) {
  const named = [...state.runners].filter(([runnerId]) => !state.heard.has(runnerId));
  const only = named.map(([runnerId, evidence]) => runnerOf(state, runnerId, 'unknown', evidence, asOf));
  const shared = [...state.heard.values()].map(({ runnerId, host, leaseMs, retired, evidence }) => {
    const status = whyGone(runnerId, state.heard, asOf) === null ? 'alive' : retired ? 'stopped' : 'unknown';
    return { ...runnerOf(state, runnerId, status, evidence, asOf), host, leaseMs };
  });
  return [...only, ...shared];
}

/**
 * Whether the only runner is well is not in the log; only what it was last heard of is. Of several each says by its lease
 * that it lives, while it has work: one that has none may live as well.
 */
function runnerOf(state: FleetState, runnerId: string, status: string, evidence: Evidence, asOf: number) {
  const living = [...state.agents.values()].filter(
    (agent) => agent.runnerId === runnerId && !ENDED_AGENT_STATES.includes(agent.status),
  );
  return { runnerId, status, agents: living.length, evidence, ageMs: ageMs(evidence, asOf) };
}
