import { LRUCache } from 'lru-cache';
import { type Clock, sleep } from '../kernel/clock.ts';
import { assert, Conflict, Defect, type Failure, Fault, isFailure, messageOf, rejected } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Config } from '../machines/config/index.ts';
import { CONFIG_ID, DEFAULT_SETTINGS } from '../machines/config/index.ts';
import type { ActorKind, ActorState, Command, Fact } from '../machines/define-actor.ts';
import type { Appended, EventStore, NewEvent } from '../store/event-store.ts';
import { readWhole } from '../store/whole-stream.ts';
import { carryOver, newestStream } from './carry-over.ts';
import { ACTORS } from './catalogue.ts';
import type { Accepted, Dispatch } from './dispatch.ts';
import { board, ended, type Flight, startFlight } from './flight.ts';
import { type Answer, type Folded, foldEvent, isAsFar, remember, startFold } from './fold.ts';
import { createHistories, HISTORY_LIMITS, type HistoryLimits } from './history.ts';
import { recorded } from './recorded.ts';
import { createSupervisor } from './supervisor.ts';

/**
 * How an actor lives. Each has a mailbox (one command at a time), is loaded by folding its stream, decides, and appends
 * what it decided under the revision it saw. When somebody else was faster it is loaded again and decides again.
 *
 * The next command does not wait for the flush of the one before it: it is decided upon the state to which that one leads,
 * and appended under the revision that it will have. If the first is not recorded, the second finds another revision and
 * is decided again. So an actor that many ask of, like the fleet, shares a flush among them; see `flight.ts`.
 */
export interface ActorHost {
  dispatch(dispatch: Dispatch): Promise<Accepted | Failure>;
  /** The state by its own stream, never by a view. */
  read<C = unknown>(kind: string, actorId: string): Promise<ActorState<C>>;
  /** The settings in force. */
  config(): Command['config'];
  /** Another writer may have changed the settings. */
  refreshConfig(): Promise<void>;
  quarantined(): { stream: string; reason: string }[];
  /** Streams that have grown longer than they should. */
  longHistories(): { stream: string; events: number }[];
}

const CONFLICTS_MAX = 5;
const MAILBOX_MAX = 2_000;
const STATES_MAX = 20_000;
/** Appends of one stream on their way at once. */
const FLIGHT_MAX = 100;

interface Mailbox {
  waiting: number;
  /** The last decision; whether it is recorded already is not its matter. */
  last: Promise<unknown>;
  flight: Flight<Accepted | Failure> | null;
}

interface Actor {
  kind: ActorKind<unknown, Fact>;
  stream: string;
  mailbox: Mailbox;
}

/** A command whose turn has come and gone; the answer follows when it is recorded. */
interface Decided {
  answer: Promise<Accepted | Failure>;
}

export async function createActorHost(parts: {
  store: EventStore;
  clock: Clock;
  log: Log;
  history?: HistoryLimits;
}): Promise<ActorHost> {
  const { store, clock, log, history = HISTORY_LIMITS } = parts;
  // A `max` would lay out all its places now; a size of one each grows as it is filled.
  const states = new LRUCache<string, Folded>({ maxSize: STATES_MAX, sizeCalculation: () => 1 });
  const loading = new Map<string, Promise<Folded>>();
  const mailboxes = new Map<string, Mailbox>();
  const supervisor = createSupervisor(clock);
  const histories = createHistories(history, log);
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
    for await (const event of store.readStream(known.stream, { from: before + 1 })) {
      // Another reader of this process may have folded it meanwhile.
      if (event.revision === known.state.revision + 1) foldEvent(kind, known, event);
    }
    // It goes on in another stream, which is still to be loaded.
    if (known.successor !== null) states.delete(stream);
    return known.state.revision > before;
  }

  async function fold(kind: ActorKind<unknown, Fact>, stream: string): Promise<Folded> {
    const folded = startFold(kind, kind.carried ? await newestStream(store, stream) : stream);
    try {
      for await (const event of readWhole(store, folded.stream)) foldEvent(kind, folded, event);
    } catch (error) {
      if (error instanceof Fault) throw error;
      supervisor.quarantine(stream, `its event ${folded.state.revision + 1} cannot be folded: ${messageOf(error)}`);
      log.error({ stream, error: messageOf(error) }, 'stream quarantined');
      throw error;
    }
    // A command may have gone further while this was read.
    const known = states.get(stream);
    if (known && isAsFar(known, folded)) return known;
    histories.note(folded);
    // That there is nothing is believed for one command only: a stream deleted meanwhile would be begun a second time.
    if (folded.state.revision >= 0) states.set(stream, folded);
    return folded;
  }

  /** Loaded, and in a fresh stream when its own has grown long. What is carried comes from the log, not from memory. */
  async function loadToDecide(kind: ActorKind<unknown, Fact>, stream: string): Promise<Folded> {
    const known = await load(kind, stream);
    if (!histories.isCarriedOver(kind, known)) return known;
    states.delete(stream);
    const folded = await load(kind, stream);
    if (!histories.isCarriedOver(kind, folded)) return folded;
    if (!(await carryOver(store, kind, folded, clock.now()))) {
      histories.putOff(folded);
      return folded;
    }
    states.delete(stream);
    const carried = await load(kind, stream);
    // It is begun, and cannot be seen: nothing may be written behind the last event of the one before.
    if (carried.successor !== null)
      throw new Fault('log.history_hidden', `the events of ${carried.successor} are hidden`, {
        details: { stream: carried.successor },
        retryable: false,
      });
    return carried;
  }

  /** A carried answer does not know its position; its event does. */
  async function placed(given: Answer): Promise<Answer> {
    if (given.position !== null) return given;
    for await (const event of store.readStream(given.stream, { from: given.revision, limit: 1 }))
      given.position = event.position;
    return given;
  }

  /** One turn of the mailbox: decides, and hands over what is to be recorded without waiting for it. */
  async function decideInTurn(actor: Actor, dispatch: Dispatch, attempt: number): Promise<Decided> {
    const { kind, stream, mailbox } = actor;
    const flight = await flightOf(kind, mailbox);
    const first = flight?.answers.get(dispatch.commandId);
    if (first) return { answer: first.then((given) => (isFailure(given) ? given : { ...given, repeated: true })) };
    const remembered = states.get(stream) ?? null;
    const unseen = dispatch.fresh && attempt === 1 && !flight && !remembered;
    const folded = flight?.folded ?? (unseen ? startFold(kind, stream) : await loadToDecide(kind, stream));
    const state = flight?.state ?? folded.state;
    const before = folded.recent.get(dispatch.commandId);
    if (before) return { answer: placed(before).then((given) => answer(dispatch, folded.state.value, given, true)) };
    const seen = { ...folded, state };
    const full = histories.refusal(seen);
    if (full) return { answer: withoutFacts(actor, dispatch, attempt, full, seen, remembered) };

    const command = {
      id: dispatch.commandId,
      name: dispatch.name,
      v: dispatch.v,
      input: dispatch.input,
      actor: dispatch.principal,
      at: clock.now(),
      config,
    };
    const facts = kind.decide(command as never, kind.propose(state));
    if (isFailure(facts) || facts.length === 0)
      return { answer: withoutFacts(actor, dispatch, attempt, facts, seen, remembered) };
    const { events, after } = recorded(kind, state, facts, command, dispatch, stream);
    const rests = (mailbox.flight ??= startFlight(folded));
    const appending = store.append(folded.stream, state.revision < 0 ? 'no_stream' : state.revision, events);
    const landing = board(rests, after, appending, (appended) =>
      landed(actor, rests, dispatch, after, events, appended),
    );
    const given = landing.then(
      (accepted) => accepted,
      (error: unknown) => {
        states.delete(stream);
        if (error instanceof Conflict && attempt < CONFLICTS_MAX) return enqueue(actor, dispatch, attempt + 1);
        throw told(stream, dispatch, error);
      },
    );
    rests.answers.set(dispatch.commandId, given);
    dispatch.decided?.();
    return { answer: given };
  }

  /** The appends under way that a decision may rest on. After one has failed there are none until all have ended, nor into a stream that is full. */
  async function flightOf(kind: ActorKind<unknown, Fact>, mailbox: Mailbox): Promise<Mailbox['flight']> {
    const { flight } = mailbox;
    if (flight && (flight.failed || flight.appends.size >= FLIGHT_MAX || isFull(kind, flight))) await ended(flight);
    if (mailbox.flight?.appends.size === 0) mailbox.flight = null;
    return mailbox.flight;
  }

  const isFull = (kind: ActorKind<unknown, Fact>, { folded, state }: Flight<unknown>) =>
    histories.isCarriedOver(kind, { ...folded, state });

  /**
   * A refusal, or that everything was true already. What it rests on must be recorded before it is said, and what was
   * remembered must be all that is.
   */
  async function withoutFacts(
    actor: Actor,
    dispatch: Dispatch,
    attempt: number,
    facts: Failure | Fact[],
    seen: Pick<Folded, 'stream' | 'state'>,
    remembered: Folded | null,
  ): Promise<Accepted | Failure> {
    const { kind, stream, mailbox } = actor;
    const { flight } = mailbox;
    if (flight) {
      await ended(flight);
      if (flight.failed) return enqueue(actor, dispatch, attempt);
    }
    if (remembered && attempt < CONFLICTS_MAX && (await catchUp(kind, stream, remembered)))
      return enqueue(actor, dispatch, attempt + 1);
    if (isFailure(facts)) return facts;
    const given = { stream: seen.stream, revision: seen.state.revision, position: await store.head(), types: [] };
    return answer(dispatch, seen.state.value, given, false);
  }

  async function landed(
    { kind, stream }: Actor,
    flight: Flight<Accepted | Failure>,
    dispatch: Dispatch,
    after: ActorState<unknown>,
    events: NewEvent[],
    { revision, position, repeated }: Appended,
  ): Promise<Accepted> {
    const types = events.map((event) => event.type);
    if (repeated) {
      // It was recorded long ago and forgotten meanwhile: the log tells what is, not what was decided just now.
      flight.failed = true;
      states.delete(stream);
      const { state } = await load(kind, stream);
      return answer(dispatch, state.value, { stream: flight.folded.stream, revision, position, types }, true);
    }
    const given: Answer = { stream: flight.folded.stream, revision, position, types };
    flight.answers.delete(dispatch.commandId);
    // A store may answer them in another order than they were asked in.
    if (!flight.failed && after.revision > flight.folded.state.revision) {
      flight.folded.state = after;
      states.set(stream, flight.folded);
      histories.note(flight.folded);
    }
    if (!flight.failed) remember(flight.folded.recent, dispatch.commandId, given);
    if (kind.kind === 'config') config = configOf(after as ActorState<Config>);
    return answer(dispatch, after.value, given, false);
  }

  async function guarded(actor: Actor, dispatch: Dispatch, attempt: number): Promise<Decided> {
    const { stream } = actor;
    const down = supervisor.reasonFor(stream);
    if (down) return { answer: Promise.resolve(rejected('actor.quarantined', `${stream} takes no commands: ${down}`)) };
    const pause = supervisor.pauseMs(stream);
    if (pause > 0) await sleep(clock, pause);
    try {
      return await decideInTurn(actor, dispatch, attempt);
    } catch (error) {
      throw told(stream, dispatch, error);
    }
  }

  /** What is thrown to the caller; anything but a race or the world's fault is a crash of the actor. */
  function told(stream: string, dispatch: Dispatch, error: unknown): unknown {
    states.delete(stream);
    if (error instanceof Conflict || error instanceof Fault) return error;
    supervisor.crashed(stream, messageOf(error));
    const stack = error instanceof Error ? error.stack : undefined;
    log.error({ stream, command: dispatch.name, error: messageOf(error), stack }, 'actor crashed');
    return error instanceof Defect
      ? error
      : new Defect(`${stream} crashed on ${dispatch.name}: ${messageOf(error)}`, { stream }, error);
  }

  function enqueue(actor: Actor, dispatch: Dispatch, attempt: number): Promise<Accepted | Failure> {
    const { mailbox } = actor;
    const decided = mailbox.last.then(() => guarded(actor, dispatch, attempt));
    mailbox.last = decided.catch(() => undefined);
    return decided.then((one) => one.answer);
  }

  const host: ActorHost = {
    dispatch(dispatch) {
      const kind = kindOf(dispatch.kind);
      const stream = `${dispatch.kind}-${dispatch.actorId}`;
      const mailbox = mailboxes.get(stream) ?? { waiting: 0, last: Promise.resolve(), flight: null };
      if (mailbox.waiting >= MAILBOX_MAX)
        return Promise.reject(new Fault('actor.overloaded', `${MAILBOX_MAX} commands wait for ${stream} already.`));
      mailboxes.set(stream, mailbox);
      mailbox.waiting++;
      const result = enqueue({ kind, stream, mailbox }, dispatch, 1);
      const done = () => leave(stream, mailbox);
      result.then(done, done);
      return result;
    },
    async read<C>(kind: string, actorId: string) {
      const stream = `${kind}-${actorId}`;
      // What others have seen in the log already must not be missing here.
      const flight = mailboxes.get(stream)?.flight;
      if (flight) await ended(flight);
      const remembered = states.has(stream);
      const folded = await load(kindOf(kind), stream);
      if (remembered) await catchUp(kindOf(kind), stream, folded);
      const newest = folded.successor === null ? folded : await load(kindOf(kind), stream);
      return newest.state as ActorState<C>;
    },
    config: () => config,
    async refreshConfig() {
      config = configOf(await host.read<Config>('config', CONFIG_ID));
    },
    quarantined: () => supervisor.quarantined(),
    longHistories: () => histories.long(),
  };

  function leave(stream: string, mailbox: Mailbox): void {
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

function answer(dispatch: Dispatch, state: string, { position, ...given }: Answer, repeated: boolean): Accepted {
  assert(position !== null, `the answer to ${dispatch.name} is nowhere in ${given.stream}`);
  return { commandId: dispatch.commandId, actorId: dispatch.actorId, state, ...given, position, repeated };
}
