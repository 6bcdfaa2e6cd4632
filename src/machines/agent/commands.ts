import { z } from 'zod';
import { command, type CommandsOf, INTERNAL } from '../define-commands.ts';
import { ACTIVITIES, agentFacts, environmentSchema } from './events.ts';
import { EFFECTS, MESSAGE_CHARS_MAX } from './takes.ts';

const agentId = z.string().max(60).describe('agt_…, or a unique prefix of it');
const target = (input: { agentId: string }) => input.agentId;

export const agentCommands = {
  stop_agent: command({
    v: 1,
    summary: 'Ends the agent and everything it has started; its task is tried again as the limits allow.',
    schema: z.strictObject({ agentId, reason: z.string().max(2000).default('') }),
    roles: ['operator'],
    target,
    cli: 'agent stop <agentId>',
    example: 'heph agent stop agt_01k --reason "it runs in circles"',
  }),
  message_agent: command({
    v: 1,
    summary: 'The agent is given a message while it works; what became of it is recorded.',
    schema: z.strictObject({ agentId, text: z.string().trim().min(1).max(MESSAGE_CHARS_MAX) }),
    roles: ['operator'],
    target,
    cli: 'agent message <agentId> <text>',
    example: 'heph agent message agt_01k "leave the parser as it is"',
  }),
  interrupt_agent: command({
    v: 1,
    summary: 'The agent is to break off what it does and wait for a word; what became of it is recorded.',
    schema: z.strictObject({ agentId, reason: z.string().max(2000).default('') }),
    roles: ['operator'],
    target,
    cli: 'agent interrupt <agentId>',
    example: 'heph agent interrupt agt_01k --reason "it looks at the wrong file"',
  }),
  request_agent: command({
    v: 1,
    summary: 'An agent is wanted for an assigned task.',
    schema: agentFacts.AgentRequested,
    roles: INTERNAL,
    target,
  }),
  prepare_agent: command({
    v: 1,
    summary: 'Its worktree is being made.',
    schema: z.strictObject({ agentId, branch: z.string(), commit: z.string() }),
    roles: INTERNAL,
    target,
  }),
  record_worktree: command({
    v: 1,
    summary: 'Its worktree is ready.',
    schema: z.strictObject({
      agentId,
      branch: z.string(),
      commit: z.string(),
      environment: environmentSchema.optional(),
    }),
    roles: INTERNAL,
    target,
  }),
  record_start: command({
    v: 1,
    summary: 'It lives in a terminal of its own.',
    schema: z.strictObject({ agentId, prompt: agentFacts.PromptSent, started: agentFacts.AgentStarted }),
    roles: INTERNAL,
    target,
  }),
  record_activity: command({
    v: 1,
    summary: 'What it does has changed.',
    schema: z.strictObject({ agentId, activity: z.enum(ACTIVITIES), evidence: z.string().max(2000) }),
    roles: INTERNAL,
    target,
  }),
  record_delivery: command({
    v: 1,
    summary: 'What became of a message or an interrupt.',
    schema: z.strictObject({
      agentId,
      id: z.string(),
      effect: z.enum(EFFECTS).nullable().describe('Null: it was not typed'),
      reason: z.string().max(2000).default(''),
    }),
    roles: INTERNAL,
    target,
  }),
  record_exit: command({
    v: 1,
    summary: 'It has ended.',
    schema: z.strictObject({ agentId, exit: agentFacts.AgentExited }),
    roles: INTERNAL,
    target,
  }),
  record_failure: command({
    v: 1,
    summary: 'It could not be brought to life.',
    schema: z.strictObject({ agentId, code: z.string(), reason: z.string().max(20_000) }),
    roles: INTERNAL,
    target,
  }),
  record_denial: command({
    v: 1,
    summary: 'It asked for something that is not its to do.',
    schema: z.strictObject({
      agentId,
      what: z.string().max(200),
      code: z.string().max(100),
      text: z.string().max(1000),
    }),
    roles: INTERNAL,
    target,
  }),
  record_loss: command({
    v: 1,
    summary: 'It is gone and nobody saw how.',
    schema: z.strictObject({ agentId, reason: z.string().max(20_000) }),
    roles: INTERNAL,
    target,
  }),
};
export type AgentCommand = CommandsOf<typeof agentCommands>;
