import { COMMANDS, ACTORS } from '../../src/actors/catalogue.ts';
import { assert, isFailure, type Rejected } from '../../src/kernel/errors.ts';
import { deriveId, eventIdOf, type IdPrefix } from '../../src/kernel/ids.ts';
import { type Config, DEFAULT_SETTINGS } from '../../src/machines/config/index.ts';
import type { ActorKind, ActorState, Command, Fact } from '../../src/machines/define-actor.ts';
import type { EventStore, StoredEvent } from '../../src/store/event-store.ts';

/** A log that could have happened: every event is what an actor decided about a command, checked by its chart. */
export interface Story {
  readonly events: StoredEvent[];
  /** Sends a command and answers the events that came of it. Throws when it is refused. */
  send(name: string, input: Record<string, unknown>, by?: { actor?: string; causationId?: string }): StoredEvent[];
  /** Lets time go by. */
  pass(ms: number): void;
  now(): number;
  id(prefix: IdPrefix): string;
  /** The actor as it stands, by stream. */
  actor(stream: string): ActorState<unknown>;
}

const START = Date.UTC(2026, 0, 1);

export function createStory(): Story {
  const states = new Map<string, ActorState<unknown>>();
  const events: StoredEvent[] = [];
  let at = START;
  let made = 0;

  const id = (prefix: IdPrefix) => deriveId(prefix, [`story ${made++}`]);
  const kindOf = (stream: string) => ACTORS.get(stream.slice(0, stream.indexOf('-'))) as ActorKind<unknown, Fact>;
  const actor = (stream: string) => states.get(stream) ?? kindOf(stream).start();

  function settings(): Command['config'] {
    const config = states.get('config-main')?.context as Config | undefined;
    return config ? { version: config.version, settings: config.settings } : { version: 0, settings: DEFAULT_SETTINGS };
  }

  function append(stream: string, command: Command, facts: Fact[], causationId?: string): StoredEvent[] {
    const kind = kindOf(stream);
    return facts.map((fact, n) => {
      const before = actor(stream);
      const data = kind.facts[fact.type]?.parse(fact.data) as Record<string, unknown>;
      assert(data, `${fact.type} is no fact of ${kind.kind}`);
      const after = kind.step(before, fact, at);
      states.set(stream, after);
      const event: StoredEvent = {
        id: eventIdOf(command.id, n),
        stream,
        revision: after.revision,
        position: BigInt(events.length + 1),
        type: fact.type,
        v: fact.v,
        at,
        data,
        meta: {
          actor: command.actor,
          correlationId: command.id,
          ...(causationId !== undefined && { causationId }),
          scope: { ...kind.scope?.(after.context) },
          from: before.value,
          to: after.value,
          ...(n === 0 && {
            command: { id: command.id, name: command.name, v: 1, input: command.input, config: command.config.version },
            count: facts.length,
          }),
        },
      };
      events.push(event);
      return event;
    });
  }

  return {
    events,
    id,
    actor,
    now: () => at,
    pass: (ms) => void (at += ms),
    send(name, input, { actor: principal = 'operator', causationId } = {}) {
      const definition = COMMANDS.get(name);
      assert(definition, `there is no command ${name}`);
      const target =
        { create_task: input.taskId, start_workflow: input.workflowId, start_best_of_n: input.bestOfNId }[name] ??
        definition.target(input as never, id);
      const stream = `${definition.kind}-${target}`;
      const parsed = (definition.prepared ?? definition.schema).parse(input);
      const command: Command = {
        id: id('cmd'),
        name,
        v: definition.v,
        input: parsed,
        actor: principal,
        at,
        config: settings(),
      };
      const kind = kindOf(stream);
      const answer = kind.decide(command as never, kind.propose(actor(stream))) as Fact[] | Rejected;
      assert(!isFailure(answer), isFailure(answer) ? `${name}: ${answer.message}` : '');
      at += 1;
      return append(stream, command, answer, causationId);
    },
  };
}

/** Appends a story, or the part of it from `from` on, in the order it happened; appends of one command stay together. */
export async function tell(store: EventStore, events: readonly StoredEvent[]): Promise<void> {
  for (let n = 0; n < events.length; ) {
    const first = events[n] as StoredEvent;
    const count = first.meta.count ?? 1;
    const group = events.slice(n, n + count);
    await store.append(first.stream, first.revision - 1 < 0 ? 'no_stream' : first.revision - 1, group);
    n += count;
  }
}
