import { assert } from '../kernel/errors.ts';
import { eventIdOf } from '../kernel/ids.ts';
import type { ActorKind, ActorState, Command, Fact, Scope } from '../machines/define-actor.ts';
import type { NewEvent } from '../store/event-store.ts';
import type { Dispatch } from './dispatch.ts';

/** The facts as events, with the state they lead to; a fact that does not fit or does not parse is found here, before it is appended. */
export function recorded(
  kind: ActorKind<unknown, Fact>,
  before: ActorState<unknown>,
  facts: Fact[],
  command: Command,
  dispatch: Dispatch,
  stream: string,
): { events: NewEvent[]; after: ActorState<unknown> } {
  let state = before;
  const events = facts.map((fact, n): NewEvent => {
    const parsed = kind.facts[fact.type]?.safeParse(fact.data);
    assert(parsed?.success, `${fact.type} of ${stream} does not have its shape: ${parsed?.error?.message}`, {
      stream,
      fact: fact.type,
    });
    const from = state.value;
    state = kind.step(state, fact, command.at);
    const scope = { ...idsIn(fact.data), ...kind.scope?.(state.context) };
    return {
      id: eventIdOf(command.id, n),
      type: fact.type,
      v: fact.v,
      at: command.at,
      data: fact.data,
      meta: {
        actor: dispatch.principal,
        correlationId: dispatch.correlationId ?? command.id,
        ...(dispatch.causationId && { causationId: dispatch.causationId }),
        ...(Object.keys(scope).length > 0 && { scope }),
        from,
        to: state.value,
        ...(n === 0 && {
          command: {
            id: command.id,
            name: command.name,
            v: command.v,
            ...(fact.data !== command.input && { input: command.input }),
            config: command.config.version,
          },
          count: facts.length,
        }),
      },
    };
  });
  return { events, after: state };
}

const SCOPE_IDS = ['repositoryId', 'workflowId', 'taskId', 'agentId', 'runnerId'] as const;

/** What a fact names, it concerns: a slot of the fleet belongs to the story of its task. */
function idsIn(data: Record<string, unknown>): Scope {
  const scope: Scope = {};
  for (const name of SCOPE_IDS) if (typeof data[name] === 'string') scope[name] = data[name];
  return scope;
}
