import { deepStrictEqual, fail, ok, strictEqual } from 'node:assert/strict';
import { COMMANDS } from '../../src/actors/catalogue.ts';
import { isFailure, type Rejected } from '../../src/kernel/errors.ts';
import { DEFAULT_SETTINGS, type Settings, settingsFrom } from '../../src/machines/config/index.ts';
import type { ActorKind, ActorState, Command, Fact } from '../../src/machines/define-actor.ts';

/**
 * Given–when–then on facts:
 *
 *   given(taskActor, created(), queued(), assigned('ada')).when(assign('bob')).thenRejected('task.not_queued')
 *
 * Each given fact must parse by the actor's schema and fit its chart, each command's input must parse by the command's
 * schema, and whatever `decide` answers must do the same: XState ignores an unexpected event in silence, so a test that
 * did not look would pass for the wrong reason.
 */
export interface Said {
  name: string;
  input: unknown;
  /** Default: `server`. */
  actor?: string;
}

/** A fact's type alone, or with the part of its data that matters to the test. */
export type ExpectedFact = string | { type: string; data: Record<string, unknown> };

/** What the settings are and when the command comes; the first given fact is at `START_MS`, each further one a second later. */
export interface Circumstances {
  changes?: Record<string, unknown>;
  at?: number;
}

export const START_MS = 1_700_000_000_000;
const STEP_MS = 1_000;

export interface Given<C> {
  readonly state: ActorState<C>;
  when(said: Said, circumstances?: Circumstances): Outcome<C>;
}

export interface Outcome<C> {
  readonly facts: readonly Fact[];
  /** The actor after the facts; after a refusal, as it was. */
  readonly next: Given<C>;
  /** Exactly these facts, in this order. Answers the actor after them. */
  thenFacts(...expected: ExpectedFact[]): Given<C>;
  /** Refused with this code; `words` must stand in the message. */
  thenRejected(code: Rejected['code'], words?: string): Given<C>;
  /** Accepted, and nothing to record: it is so already. */
  thenNothing(): Given<C>;
}

export function given<C, F extends Fact>(actor: ActorKind<C, F>, ...facts: F[]): Given<C> {
  let state = actor.start();
  for (const fact of facts) state = applied(actor, state, fact);
  return standing(actor, state);
}

/** The state after a fact that must parse and fit. */
export function applied<C, F extends Fact>(actor: ActorKind<C, F>, state: ActorState<C>, fact: F): ActorState<C> {
  const schema = actor.facts[fact.type as F['type']];
  ok(schema, `${fact.type} is no fact of ${actor.kind}`);
  deepStrictEqual(schema.parse(fact.data), fact.data, `${fact.type} carries what its schema does not know`);
  return actor.step(state, fact, timeOf(state));
}

/** What `decide` answers; a defect it throws goes on up. */
export function decided<C, F extends Fact>(
  actor: ActorKind<C, F>,
  state: ActorState<C>,
  said: Said,
  { changes = {}, at = timeOf(state) }: Circumstances = {},
): F[] | Rejected {
  return actor.decide(commandOf(said, state.revision, settingsOf(changes), at) as never, actor.propose(state));
}

/** When the next fact is recorded. */
function timeOf(state: ActorState<unknown>): number {
  return START_MS + (state.revision + 1) * STEP_MS;
}

function standing<C, F extends Fact>(actor: ActorKind<C, F>, state: ActorState<C>): Given<C> {
  return {
    state,
    when: (said, circumstances = {}) => outcomeOf(actor, state, decided(actor, state, said, circumstances)),
  };
}

function outcomeOf<C, F extends Fact>(
  actor: ActorKind<C, F>,
  before: ActorState<C>,
  answer: F[] | Rejected,
): Outcome<C> {
  const facts = isFailure(answer) ? [] : answer;
  const next = standing(
    actor,
    facts.reduce((state, fact) => applied(actor, state, fact), before),
  );
  const accepted = (): void => {
    if (isFailure(answer)) fail(`refused: ${answer.code} ${answer.message}`);
  };
  return {
    facts,
    next,
    thenFacts(...expected) {
      accepted();
      deepStrictEqual(facts.map(typeOf), expected.map(typeOf));
      for (const [n, one] of expected.entries())
        if (typeof one !== 'string') deepStrictEqual(partOf((facts[n] as F).data, one.data), one.data);
      return next;
    },
    thenRejected(code, words = '') {
      if (!isFailure(answer)) fail(`accepted: ${facts.map(typeOf).join(', ') || 'nothing to record'}`);
      strictEqual(answer.code, code);
      ok(answer.message.includes(words), `"${answer.message}" does not say "${words}"`);
      return next;
    },
    thenNothing() {
      accepted();
      deepStrictEqual(facts.map(typeOf), []);
      return next;
    },
  };
}

function commandOf(said: Said, revision: number, settings: Settings, at: number): Command {
  const definition = COMMANDS.get(said.name);
  ok(definition, `${said.name} is no command`);
  const input: unknown = (definition.prepared ?? definition.schema).parse(said.input);
  return {
    id: `cmd_${String(revision + 1).padStart(26, '0')}`,
    name: said.name,
    v: definition.v,
    input,
    actor: said.actor ?? 'server',
    at,
    config: { version: 1, settings },
  };
}

/** Parsing the settings costs more than deciding, and random tests ask for the same ones very often. */
const known = new WeakMap<object, Settings>();

function settingsOf(changes: Record<string, unknown>): Settings {
  if (Object.keys(changes).length === 0) return DEFAULT_SETTINGS;
  const settings = known.get(changes) ?? settingsFrom(changes, {});
  if (isFailure(settings)) return fail(settings.message);
  known.set(changes, settings);
  return settings;
}

function typeOf(fact: ExpectedFact | Fact): string {
  return typeof fact === 'string' ? fact : fact.type;
}

function partOf(data: Record<string, unknown>, like: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(like).map((key) => [key, data[key]]));
}
