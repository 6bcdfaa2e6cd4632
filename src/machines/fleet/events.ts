import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';

export const fleetFacts = {
  SlotGranted: z.object({
    agentId: z.string(),
    taskId: z.string(),
    workflowId: z.string(),
    agent: z.string(),
    attempt: z.number().int(),
  }),
  SlotReleased: z.object({
    taskId: z.string(),
    workflowId: z.string(),
    agentId: z.string(),
    agent: z.string(),
    outcome: z.enum(['used', 'unused', 'died_at_once']),
  }),
  AgentKindStopped: z.object({ agent: z.string(), reason: z.string(), deaths: z.number().int() }),
  FleetPaused: z.object({ reason: z.string(), by: z.string() }),
  FleetStopped: z.object({ reason: z.string(), by: z.string() }),
  FleetResumed: z.object({ by: z.string() }),
};
export type FleetFact = FactsOf<typeof fleetFacts>;
