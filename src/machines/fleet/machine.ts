import { z } from 'zod';
import { rejected, type Rejected } from '../../kernel/errors.ts';
import { type Chart, defineActor, type Proposer, stays } from '../define-actor.ts';
import type { FleetCommand } from './commands.ts';
import { type FleetFact, fleetFacts } from './events.ts';

export interface Slot {
  taskId: string;
  workflowId: string;
  agent: string;
  attempt: number;
  since: number;
}

export interface Fleet {
  /** By agent id. */
  slots: Record<string, Slot>;
  /** Deaths at once in a row, by agent name. */
  deaths: Record<string, number>;
  stopped: Record<string, { reason: string; since: number }>;
  reason: string | null;
  since: number;
}

/** Stored when the fleet carries over: a change of `Fleet` needs a default here, or an upcaster of `CarriedFrom`. */
const carriedFleet: z.ZodType<Fleet> = z.strictObject({
  slots: z.record(
    z.string(),
    z.strictObject({
      taskId: z.string(),
      workflowId: z.string(),
      agent: z.string(),
      attempt: z.number().int(),
      since: z.number(),
    }),
  ),
  deaths: z.record(z.string(), z.number().int()),
  stopped: z.record(z.string(), z.strictObject({ reason: z.string(), since: z.number() })),
  reason: z.string().nullable(),
  since: z.number(),
});

const always = ['SlotReleased', 'AgentKindStopped'];
export const fleetChart: Chart = {
  initial: 'open',
  states: {
    open: {
      on: {
        ...stays('open', 'SlotGranted', 'FleetResumed', ...always),
        FleetPaused: 'paused',
        FleetStopped: 'stopped',
      },
    },
    paused: { on: { ...stays('paused', ...always), FleetResumed: 'open', FleetStopped: 'stopped' } },
    stopped: { on: { ...stays('stopped', ...always), FleetResumed: 'open' } },
  },
};

export function evolveFleet(fleet: Fleet, fact: FleetFact, at: number): Fleet {
  switch (fact.type) {
    case 'SlotGranted': {
      const { agentId, ...slot } = fact.data;
      return { ...fleet, slots: { ...fleet.slots, [agentId]: { ...slot, since: at } } };
    }
    case 'SlotReleased': {
      const { [fact.data.agentId]: _gone, ...slots } = fleet.slots;
      return { ...fleet, slots, deaths: counted(fleet.deaths, fact.data.agent, fact.data.outcome) };
    }
    case 'AgentKindStopped':
      return { ...fleet, stopped: { ...fleet.stopped, [fact.data.agent]: { reason: fact.data.reason, since: at } } };
    case 'FleetPaused':
    case 'FleetStopped':
      return { ...fleet, reason: fact.data.reason, since: at };
    case 'FleetResumed':
      return { ...fleet, reason: null, since: at, stopped: {}, deaths: {} };
  }
}

function counted(deaths: Record<string, number>, agent: string, outcome: string): Record<string, number> {
  if (outcome === 'unused') return deaths;
  if (outcome === 'died_at_once') return { ...deaths, [agent]: (own(deaths, agent) ?? 0) + 1 };
  const { [agent]: _cleared, ...others } = deaths;
  return others;
}

function decide(command: FleetCommand, actor: Proposer<Fleet, FleetFact>): FleetFact[] | Rejected {
  const fleet = actor.context;
  switch (command.name) {
    case 'pause_fleet':
      if (actor.value === 'paused') return [];
      // Pausing would let agents that are still to be stopped go on.
      if (actor.value === 'stopped') return rejected('fleet.not_open', 'The fleet is stopped already, which is more.');
      return actor.facts({ type: 'FleetPaused', v: 1, data: { reason: command.input.reason, by: command.actor } });
    case 'stop_all':
      if (actor.value === 'stopped') return [];
      return actor.facts({ type: 'FleetStopped', v: 1, data: { reason: command.input.reason, by: command.actor } });
    case 'resume_fleet':
      if (actor.value === 'open' && Object.keys(fleet.stopped).length === 0)
        return rejected('fleet.already_open', 'The fleet is open and no agent’s name is stopped.');
      return actor.facts({ type: 'FleetResumed', v: 1, data: { by: command.actor } });
    case 'grant_slot':
      return grant(command, actor);
    case 'release_slot':
      return release(command, actor);
  }
}

/** An agent's name may be any word, `constructor` too. */
function own<T>(record: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function grant(
  command: Extract<FleetCommand, { name: 'grant_slot' }>,
  actor: Proposer<Fleet, FleetFact>,
): FleetFact[] | Rejected {
  const { slots, stopped } = actor.context;
  const { agentId, agent } = command.input;
  const { cap, perAgent } = command.config.settings.fleet;
  if (Object.hasOwn(slots, agentId)) return [];
  if (actor.value !== 'open') return rejected('fleet.not_open', `The fleet is ${actor.value}.`);
  const stop = own(stopped, agent);
  if (stop) return rejected('fleet.kind_stopped', `Agents named ${agent} are stopped: ${stop.reason}`);
  const held = Object.values(slots);
  if (held.length >= cap) return rejected('fleet.no_slot', `All ${cap} slots are taken.`);
  const ownCap = own(perAgent, agent);
  if (ownCap !== undefined && held.filter((slot) => slot.agent === agent).length >= ownCap)
    return rejected('fleet.no_slot', `All ${ownCap} slots for ${agent} are taken.`);
  return actor.facts({ type: 'SlotGranted', v: 1, data: command.input });
}

function release(
  command: Extract<FleetCommand, { name: 'release_slot' }>,
  actor: Proposer<Fleet, FleetFact>,
): FleetFact[] | Rejected {
  const { agentId, outcome } = command.input;
  const slot = own(actor.context.slots, agentId);
  if (!slot) return [];
  const released: FleetFact = {
    type: 'SlotReleased',
    v: 1,
    data: { agentId, taskId: slot.taskId, workflowId: slot.workflowId, agent: slot.agent, outcome },
  };
  const deaths = own(counted(actor.context.deaths, slot.agent, outcome), slot.agent) ?? 0;
  if (deaths < command.config.settings.fleet.diedAtOnceMax || own(actor.context.stopped, slot.agent))
    return actor.facts(released);
  const reason = `${deaths} of them in a row ended at once without a report; the last was ${agentId}.`;
  return actor.facts(released, { type: 'AgentKindStopped', v: 1, data: { agent: slot.agent, reason, deaths } });
}

export const fleetActor = defineActor<Fleet, FleetFact, FleetCommand>({
  kind: 'fleet',
  chart: fleetChart,
  facts: fleetFacts,
  outOfOrder: 'fleet.not_open',
  initial: () => ({ slots: {}, deaths: {}, stopped: {}, reason: null, since: 0 }),
  evolve: evolveFleet,
  carried: carriedFleet,
  decide,
});
