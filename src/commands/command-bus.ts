import { type CatalogueCommand, COMMANDS } from '../actors/catalogue.ts';
import type { ActorHost } from '../actors/actor-host.ts';
import type { Accepted } from '../actors/dispatch.ts';
import { type Failure, invalid, isFailure } from '../kernel/errors.ts';
import { deriveId, ID_PATTERN, type Ids } from '../kernel/ids.ts';
import { authorise } from './authorise.ts';
import { parseInput } from './parse.ts';
import { type Principal, SERVER } from './principal.ts';

/**
 * The way in, the only one: parse → authorise → prepare → dispatch. Every face of the system and every process sends its
 * commands through here.
 */
export interface Envelope {
  name: string;
  input: unknown;
  principal: Principal;
  /** The same key from the same principal is the same command: it happens once, and answers as it did the first time. */
  idempotencyKey?: string;
  /** An id whose time the command's id takes, so that ids made from keys still sort by time. */
  timeFrom?: string;
  correlationId?: string;
  causationId?: string;
  /** Called when it is accepted and on its way to the disk; the answer comes when it is there. */
  decided?: () => void;
}

export interface CommandBus {
  execute(envelope: Envelope): Promise<Accepted | Failure>;
}

export interface PreparationContext {
  principal: Principal;
  commandId: string;
  /** The id of the actor that the command creates. */
  actorId: string;
}

/** Looks up what a command needs to be decided upon (a repository, a phase); what it answers is recorded as the command's input. */
export type Preparation = (input: never, context: PreparationContext) => Promise<unknown | Failure>;

export interface CommandBusParts {
  host: ActorHost;
  ids: Ids;
  preparations: Readonly<Record<string, Preparation>>;
  /** Secrets are gone before anything is decided, so that what is recorded is what was decided upon. */
  redact: (value: unknown) => unknown;
  /** The full id for a unique prefix of one. */
  resolveId: (kind: 'tsk' | 'wfl' | 'agt' | 'bon', prefix: string) => Promise<string | Failure>;
}

const ID_FIELDS = [
  ['taskId', 'tsk'],
  ['workflowId', 'wfl'],
  ['agentId', 'agt'],
  ['bestOfNId', 'bon'],
] as const;

export function createCommandBus(parts: CommandBusParts): CommandBus {
  const bus: CommandBus = {
    async execute(envelope) {
      const command = COMMANDS.get(envelope.name);
      if (!command) return invalid('command.unknown', `There is no command ${JSON.stringify(envelope.name)}.`);
      const parsed = parseInput(command.name, command.schema, envelope.input);
      if (isFailure(parsed)) return parsed;
      const input = await resolved(parsed as Record<string, unknown>, envelope.principal);
      if (isFailure(input)) return input;
      const refusal = authorise(command, input, envelope.principal);
      if (refusal) {
        await recordDenial(envelope.principal, command.name, refusal);
        return refusal;
      }
      return dispatch(command, parts.redact(input) as Record<string, unknown>, envelope);
    },
  };

  async function resolved(
    input: Record<string, unknown>,
    principal: Principal,
  ): Promise<Record<string, unknown> | Failure> {
    if (principal.role === 'server') return input;
    const full = { ...input };
    for (const [field, kind] of ID_FIELDS) {
      const value = full[field];
      if (typeof value !== 'string') continue;
      const id = await parts.resolveId(kind, value);
      if (isFailure(id)) return id;
      full[field] = id;
    }
    return full;
  }

  async function dispatch(
    command: CatalogueCommand,
    input: Record<string, unknown>,
    envelope: Envelope,
  ): Promise<Accepted | Failure> {
    const { principal, idempotencyKey: key } = envelope;
    const commandId =
      key === undefined
        ? parts.ids.next('cmd')
        : deriveId(
            'cmd',
            [principal.id, command.name, key],
            envelope.timeFrom ?? (ID_PATTERN.test(key) ? key : principal.agent?.agentId),
          );
    let fresh = false;
    const actorId = command.target(input, (prefix) => {
      fresh = true;
      return deriveId(prefix, [commandId], commandId);
    });
    const prepare = parts.preparations[command.name];
    const ready = prepare ? await prepare(input as never, { principal, commandId, actorId }) : input;
    if (isFailure(ready)) return ready;
    return parts.host.dispatch({
      kind: command.kind,
      actorId: command.preparedTarget?.(ready) ?? actorId,
      name: command.name,
      v: command.v,
      input: ready,
      commandId,
      fresh,
      principal: principal.id,
      ...(envelope.correlationId && { correlationId: envelope.correlationId }),
      ...(envelope.causationId && { causationId: envelope.causationId }),
      ...(envelope.decided && { decided: envelope.decided }),
    });
  }

  /** What an agent was refused is kept in its own stream. */
  async function recordDenial(principal: Principal, what: string, refusal: Failure): Promise<void> {
    if (!principal.agent) return;
    const input = { agentId: principal.agent.agentId, what, code: refusal.code, text: refusal.message.slice(0, 1000) };
    await bus.execute({ name: 'record_denial', input, principal: SERVER });
  }

  return bus;
}
