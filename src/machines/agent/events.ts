import { z } from 'zod';
import type { FactsOf } from '../define-actor.ts';
import { EFFECTS, takesSchema } from './takes.ts';

export const ACTIVITIES = ['working', 'idle', 'needs_input', 'rate_limited', 'no_signal'] as const;
export type Activity = (typeof ACTIVITIES)[number];
const seen = z.object({ evidence: z.string() });

/** What the checks of a worktree's environment came to. */
export const environmentSchema = z.object({
  checks: z.array(z.object({ name: z.string(), status: z.string(), cached: z.boolean(), why: z.string() })).max(50),
  /** A sentence for each fix that was applied. */
  fixed: z.array(z.string()).max(20),
});

export const agentFacts = {
  AgentRequested: z.object({
    agentId: z.string(),
    taskId: z.string(),
    workflowId: z.string(),
    repositoryId: z.string(),
    attempt: z.number().int(),
    /** The name of its preset: repair, claude, … */
    agent: z.string(),
    runnerId: z.string(),
    allowedTools: z.array(z.string()),
    /** Where its work begins, when that was known at once; its preparation has then started with it. */
    branch: z.string().optional(),
    base: z.string().optional(),
  }),
  PreparationStarted: z.object({ branch: z.string(), commit: z.string() }),
  WorktreeReady: z.object({
    branch: z.string(),
    commit: z.string(),
    /** What the repository asks of the environment, all of it good; absent where it asks for nothing. */
    environment: environmentSchema.optional(),
  }),
  PromptSent: z.object({
    template: z.string(),
    version: z.number().int(),
    hash: z.string(),
    memoryIds: z.array(z.string()),
  }),
  AgentStarted: z.object({
    holderPid: z.number().int(),
    pid: z.number().int(),
    startedAt: z.number(),
    bootId: z.string(),
    tokenHash: z.string(),
    /** What a person can say to it while it works; absent: nothing. */
    takes: takesSchema.optional(),
  }),
  AgentWorking: seen,
  AgentIdle: seen,
  AgentNeedsInput: seen,
  AgentRateLimited: seen,
  AgentWentSilent: seen,
  StopRequested: z.object({ reason: z.string(), by: z.string() }),
  AgentExited: z.object({
    code: z.number().int().nullable(),
    signal: z.string().nullable(),
    how: z.enum(['exited', 'stopped', 'timed_out']),
    livedMs: z.number(),
  }),
  /** A person has something to say to it; that it reached its terminal is another fact. */
  MessageSent: z.object({ messageId: z.string(), text: z.string(), by: z.string() }),
  /** It was typed, once; what its terminal showed soon after. */
  MessageDelivered: z.object({ messageId: z.string(), effect: z.enum(EFFECTS) }),
  MessageUndelivered: z.object({ messageId: z.string(), reason: z.string() }),
  InterruptRequested: z.object({ interruptId: z.string(), reason: z.string(), by: z.string() }),
  InterruptDelivered: z.object({ interruptId: z.string(), effect: z.enum(EFFECTS) }),
  InterruptUndelivered: z.object({ interruptId: z.string(), reason: z.string() }),
  /** It asked for something that is not its to do; refused, and kept for whoever looks. */
  AccessDenied: z.object({ what: z.string(), code: z.string(), text: z.string() }),
  /** It never came to life. */
  AgentFailed: z.object({ code: z.string(), reason: z.string() }),
  /** It ended and nobody saw how; what could be found of it has been killed. */
  AgentLost: z.object({ reason: z.string() }),
};
export type AgentFact = FactsOf<typeof agentFacts>;
