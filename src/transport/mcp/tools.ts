import type { JSONObject } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { type CommandBus, COMMANDS, type Principal } from '../../commands/index.ts';
import { type Failure, invalid, isFailure } from '../../kernel/errors.ts';
import { acceptedBody } from '../answers.ts';
import { contradiction } from '../denials.ts';
import { checkIdempotencyKey } from '../idempotency-key.ts';
import { offeredCommands } from '../offered.ts';
import type { Queries } from '../queries-port.ts';

/**
 * The tools are the commands and queries marked `tool`, nothing is written a second time. A principal sees the commands
 * that its phase allows and its role may send, and every query its role may ask; calling another one is refused by the
 * bus itself, which records it, and not by its absence from the list.
 */
export interface Tool {
  name: string;
  description: string;
  inputSchema: { type: 'object'; properties?: Record<string, JSONObject>; required?: string[] };
  annotations: { readOnlyHint: boolean; destructiveHint: boolean; idempotentHint: boolean; openWorldHint: boolean };
}

export interface Tools {
  list(principal: Principal): Tool[];
  /** Unknown names are Invalid `command.unknown`. */
  call(name: string, input: unknown, principal: Principal, signal: AbortSignal): Promise<object | Failure>;
}

const KEY_SCHEMA = {
  type: 'string',
  maxLength: 100,
  description: 'Any text of yours: the same key again does nothing and gives the first answer',
};

export function createTools({ bus, queries }: { bus: CommandBus; queries: Queries }): Tools {
  const commands = new Map(
    offeredCommands(COMMANDS)
      .filter((command) => command.tool)
      .map((command) => [command.name, { ...command, tool: commandTool(command) }]),
  );
  const questions = new Map(
    [...queries.table]
      .filter(([, query]) => query.tool)
      .map(([name, query]) => [name, { ...query, tool: queryTool(name, query) }]),
  );

  return {
    list(principal) {
      const allowed = ({ roles, name }: { roles: readonly string[]; name: string }) =>
        roles.includes(principal.role) && (!principal.agent || principal.agent.allowedTools.includes(name));
      return [
        ...[...commands.values()].filter(allowed).map(({ tool }) => tool),
        ...[...questions.values()].filter(({ roles }) => roles.includes(principal.role)).map(({ tool }) => tool),
      ].map((tool) => (principal.agent ? withoutOwnTask(tool) : tool));
    },
    async call(name, input, principal, signal) {
      const given = (input ?? {}) as Record<string, unknown>;
      const question = questions.get(name);
      if (question)
        return answered(await queries.run(name, forOwnTask(question.tool, given, principal), principal, signal));
      const command = commands.get(name);
      if (!command) return invalid('command.unknown', `There is no tool ${JSON.stringify(name)}.`);
      const { idempotencyKey: key, ...rest } = given;
      const idempotencyKey = checkIdempotencyKey(key);
      if (isFailure(idempotencyKey)) return idempotencyKey;
      const foreign = principal.agent && contradiction(principal, rest.agentId);
      if (foreign) return foreign;
      const accepted = await bus.execute({
        name,
        input: forOwnTask(command.tool, rest, principal),
        principal,
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      });
      return isFailure(accepted) ? accepted : acceptedBody(name, accepted);
    },
  };
}

function commandTool(command: { name: string; summary: string; schema: z.ZodType }): Tool {
  const schema = inputSchemaOf(command.schema);
  return {
    name: command.name,
    description: command.summary,
    inputSchema: { ...schema, properties: { ...schema.properties, idempotencyKey: KEY_SCHEMA } },
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  };
}

function queryTool(name: string, query: { summary: string; schema: z.ZodType }): Tool {
  return {
    name,
    description: query.summary,
    inputSchema: inputSchemaOf(query.schema),
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  };
}

function inputSchemaOf(schema: z.ZodType): Tool['inputSchema'] {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest as Tool['inputSchema'];
}

/** An agent need not name its task: it has one. */
function withoutOwnTask(tool: Tool): Tool {
  if (!tool.inputSchema.required?.includes('taskId')) return tool;
  const required = tool.inputSchema.required.filter((field) => field !== 'taskId');
  return { ...tool, inputSchema: { ...tool.inputSchema, required } };
}

function forOwnTask(tool: Tool, input: Record<string, unknown>, principal: Principal): Record<string, unknown> {
  if (!principal.agent || input.taskId !== undefined || !tool.inputSchema.required?.includes('taskId')) return input;
  return { ...input, taskId: principal.agent.taskId };
}

/** Structured content must be an object. */
function answered(result: unknown): object | Failure {
  if (isFailure(result)) return result;
  return typeof result === 'object' && result !== null && !Array.isArray(result) ? result : { result };
}
