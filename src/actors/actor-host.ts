import { LRUCache } from 'lru-cache';
import { type Clock, sleep } from '../kernel/clock.ts';
import { assert, Conflict, Defect, type Failure, Fault, isFailure, messageOf, rejected } from '../kernel/errors.ts';
import { eventIdOf } from '../kernel/ids.ts';
import type { Log } from '../kernel/log.ts';
import type { Config } from '../machines/config/index.ts';
import { CONFIG_ID, DEFAULT_SETTINGS } from '../machines/config/index.ts';
import type { ActorKind, ActorState, Command, Fact, Scope } from '../machines/define-actor.ts';
import type { EventStore, NewEvent } from '../store/event-store.ts';
import { ACTORS } from './catalogue.ts';
import { type Answer, type Folded, foldEvent, remember, startFold } from './fold.ts';
import { createSupervisor } from './supervisor.ts';

/**
 * How an actor lives. Each has a mailbox (one command at a time), is loaded by folding its stream, decides, and appends
 * what it decided under the revision it saw. When somebody else was faster it is loaded again and decides again.
 */
export interface Dispatch {
  kind: string;
  actorId: string;
  name: string;
  v: number;
  /** Parsed, prepared and redacted: what is decided upon is what is recorded. */
  input: unknown;
  commandId: string;
  /**
   * The actor's id is derived from the command's: unless the command is a repetition, its stream does not exist yet and
   * need not be looked for. The append expects no stream, so a repetition is noticed there.
   */
  fresh?: boolean;
  principal: string;
  correlationId?: string;
  causationId?: string;
}

export interface Accepted {
  commandId: string;
  stream: string;
  actorId: string;
  /** The chart's state after the command. */
  state: string;
  revision: number;
  position: bigint;
  /** The facts that were appended; empty when everything was true already. */
  types: string[];
  /** The same command had been accepted before; this is its first answer. */
  repeated: boolean;
}

export interface ActorHost {
  dispatch(dispatch: Dispatch): Promise<Accepted | Failure>;
  /** The state by its own stream, never by a view. */
  read<C = unknown>(kind: string, actorId: string): Promise<ActorState<C>>;
  /** The settings in force. */
  config(): Command['config'];
  /** Another writer may have changed the settings. */
  refreshConfig(): Promise<void>;
  quarantined(): { stream: string; reason: string }[];
}

const CONFLICTS_MAX = 5;
const MAILBOX_MAX = 2_000;
const STATES_MAX = 20_000;

interface Mailbox {
  waiting: number;
  last: Promise<unknown>;
}

export async function createActorHost(parts: { store: EventStore; clock: Clock; log: Log }): Promise<ActorHost> {
  const { store, clock, log } = parts;
  const states = new LRUCache<string, Folded>({ max: STATES_MAX });
  const loading = new Map<string, Promise<Folded>>();
  const mailboxes = new Map<string, Mailbox>();
  const supervisor = createSupervisor(clock);
  let config: Command['config'] = { version: 0, settings: DEFAULT_SETTINGS };

  /** One fold at a time for each stream: a reader's must not replace what a command has made of it meanwhile. */
  async function load(kind: ActorKind<unknown, Fact>, stream: string): Promise<Folded> {
    const known = states.get(stream);
    if (known) return known;
    const begun = loading.get(stream) ?? fold(kind, stream).finally(() => loading.delete(stream));
    loading.set(stream, begun);
    return begun;
  }

  /**
   * Folds in what others have appended since; tells whether there was anything. Asked before an answer that writes nothing
   * is given from memory: one that writes finds out by its expected revision.
   */
  async function catchUp(kind: ActorKind<unknown, Fact>, stream: string, known: Folded): Promise<boolean> {
    if (!store.capabilities.otherWriters) return false;
    const before = known.state.revision;
    for await (const event of store.readStream(stream, { from: before + 1 })) {
      // Another reader of this process may have folded it meanwhile.
      if (event.revision === known.state.revision + 1) foldEvent(kind, known, event);
    }
    return known.state.revision > before;
  }

  async function fold(kind: ActorKind<unknown, Fact>, stream: string): Promise<Folded> {
    const folded = startFold(kind);
    try {
      for await (const event of store.readStream(stream)) foldEvent(kind, folded, event);
    } catch (error) {
      if (error instanceof Fault) throw error;
      supervisor.quarantine(stream, `its event ${folded.state.revision + 1} cannot be folded: ${messageOf(error)}`);
      log.error({ stream, error: messageOf(error) }, 'stream quarantined');
      throw error;
    }
    states.set(stream, folded);
    return folded;
  }

  async function decideAndAppend(
    kind: ActorKind<unknown, Fact>,
    stream: string,
    dispatch: Dispatch,
  ): Promise<Accepted | Failure> {
    for (let attempt = 1; ; attempt++) {
      const remembered = states.has(stream);
      const unseen = dispatch.fresh && attempt === 1 && !remembered;
      const folded = unseen ? startFold(kind) : await load(kind, stream);
      const before = folded.recent.get(dispatch.commandId);
      if (before) return answer(dispatch, stream, folded.state.value, before, true);

      const command = {
        id: dispatch.commandId,
        name: dispatch.name,
        v: dispatch.v,
        input: dispatch.input,
        actor: dispatch.principal,
        at: clock.now(),
        config,
      };
      const facts = kind.decide(command as never, kind.propose(folded.state));
      const silent = isFailure(facts) || facts.length === 0;
      if (silent && remembered && attempt < CONFLICTS_MAX && (await catchUp(kind, stream, folded))) continue;
      if (isFailure(facts)) return facts;
      if (facts.length === 0)
        return answer(
          dispatch,
          stream,
          folded.state.value,
          { revision: folded.state.revision, position: await store.head(), types: [] },
          false,
        );

      const { events, after } = recorded(kind, folded.state, facts, command, dispatch, stream);
      try {
        const appended = await store.append(
          stream,
          folded.state.revision < 0 ? 'no_stream' : folded.state.revision,
          events,
        );
        if (appended.repeated) {
          // It was recorded long ago and forgotten meanwhile: the log tells what is, not what was decided just now.
          states.delete(stream);
          const { state } = await load(kind, stream);
          const types = events.map((event) => event.type);
          const { revision, position } = appended;
          return answer(dispatch, stream, state.value, { revision, position, types }, true);
        }
        const given: Answer = {
          revision: appended.revision,
          position: appended.position,
          types: events.map((event) => event.type),
        };
        folded.state = after;
        states.set(stream, folded);
        remember(folded.recent, dispatch.commandId, given);
        if (kind.kind === 'config') config = configOf(after as ActorState<Config>);
        return answer(dispatch, stream, after.value, given, false);
      } catch (error) {
        states.delete(stream);
        if (!(error instanceof Conflict) || attempt >= CONFLICTS_MAX) throw error;
      }
    }
  }

  async function guarded(
    kind: ActorKind<unknown, Fact>,
    stream: string,
    dispatch: Dispatch,
  ): Promise<Accepted | Failure> {
    const down = supervisor.reasonFor(stream);
    if (down) return rejected('actor.quarantined', `${stream} takes no commands: ${down}`);
    const pause = supervisor.pauseMs(stream);
    if (pause > 0) await sleep(clock, pause);
    try {
      return await decideAndAppend(kind, stream, dispatch);
    } catch (error) {
      if (error instanceof Conflict || error instanceof Fault) throw error;
      states.delete(stream);
      supervisor.crashed(stream, messageOf(error));
      log.error(
        {
          stream,
          command: dispatch.name,
          error: messageOf(error),
          stack: error instanceof Error ? error.stack : undefined,
        },
        'actor crashed',
      );
      throw error instanceof Defect
        ? error
        : new Defect(`${stream} crashed on ${dispatch.name}: ${messageOf(error)}`, { stream }, error);
    }
  }

  const host: ActorHost = {
    dispatch(dispatch) {
      const kind = kindOf(dispatch.kind);
      const stream = `${dispatch.kind}-${dispatch.actorId}`;
      const mailbox = mailboxes.get(stream) ?? { waiting: 0, last: Promise.resolve() };
      if (mailbox.waiting >= MAILBOX_MAX)
        return Promise.reject(new Fault('actor.overloaded', `${MAILBOX_MAX} commands wait for ${stream} already.`));
      mailboxes.set(stream, mailbox);
      mailbox.waiting++;
      const result = mailbox.last.then(() => guarded(kind, stream, dispatch));
      mailbox.last = result.then(
        () => done(stream, mailbox),
        () => done(stream, mailbox),
      );
      return result;
    },
    async read<C>(kind: string, actorId: string) {
      const stream = `${kind}-${actorId}`;
      const remembered = states.has(stream);
      const folded = await load(kindOf(kind), stream);
      if (remembered) await catchUp(kindOf(kind), stream, folded);
      return folded.state as ActorState<C>;
    },
    config: () => config,
    async refreshConfig() {
      config = configOf(await host.read<Config>('config', CONFIG_ID));
    },
    quarantined: () => supervisor.quarantined(),
  };

  function done(stream: string, mailbox: Mailbox): void {
    if (--mailbox.waiting === 0) mailboxes.delete(stream);
  }

  await host.refreshConfig();
  return host;
}

function kindOf(name: string): ActorKind<unknown, Fact> {
  const kind = ACTORS.get(name);
  assert(kind, `there is no kind of actor named ${name}`);
  return kind;
}

function configOf(state: ActorState<Config>): Command['config'] {
  return { version: state.context.version, settings: state.context.settings };
}

/** The facts as events, with the state they lead to; a fact that does not fit or does not parse is found here, before it is appended. */
function recorded(
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

function answer(dispatch: Dispatch, stream: string, state: string, given: Answer, repeated: boolean): Accepted {
  return { commandId: dispatch.commandId, stream, actorId: dispatch.actorId, state, ...given, repeated };
}
