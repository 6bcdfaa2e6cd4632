import { createMachine, transition, type AnyStateMachine } from 'xstate';
import type { z } from 'zod';
import { assert, rejected, type Rejected } from '../kernel/errors.ts';
import { wordOf } from '../kernel/state-words.ts';
import type { Settings } from './config/settings.ts';

/**
 * The one file that knows XState's API.
 *
 * An actor is a chart (what may happen), a reducer (what is known) and `decide` (what to do about a command). The chart
 * is driven by facts and holds legality only: no guard, context, action, `invoke` or `after`. So a step depends on the
 * state and the fact's type alone; it is asked of XState once and remembered, and folding a stream is a walk through a
 * table. Time, ids and chance come with the command.
 */
export interface Fact<T extends string = string, D = Record<string, unknown>> {
  type: T;
  v: number;
  data: D;
}

/** The facts that a record of schemas describes: one union member per schema. */
export type FactsOf<S extends Record<string, z.ZodType>> = {
  [T in keyof S & string]: { type: T; v: 1; data: z.infer<S[T]> };
}[keyof S & string];

/** A command as `decide` sees it: everything it may read is here or in the actor's state. */
export interface Command<N extends string = string, I = unknown> {
  id: string;
  name: N;
  v: number;
  input: I;
  /** The authenticated principal: `operator`, `agent:<id>`, `process:<story>`, `server`. */
  actor: string;
  /** When it was received: milliseconds since the Unix epoch. */
  at: number;
  /** The settings in force, and their version. */
  config: { version: number; settings: Settings };
}

/** What an event concerns: the ids that a reader may filter by. */
export interface Scope {
  repositoryId?: string;
  workflowId?: string;
  taskId?: string;
  agentId?: string;
  runnerId?: string;
}

/** A state node: which facts fit, and where they lead. Nested states are written with a dot: `live.working`. */
export interface ChartNode {
  on?: Record<string, string>;
  initial?: string;
  states?: Record<string, ChartNode>;
}

export interface Chart {
  initial: string;
  states: Record<string, ChartNode>;
}

/** In `state` since `since(context)` for longer than `afterMs(context)`: the named command is due. */
export interface Deadline<C> {
  name: string;
  states: readonly string[];
  dueAt: (context: C, settings: Settings) => number | null;
  command: string;
  input: (context: C) => Record<string, unknown>;
}

export interface ActorState<C> {
  /** The chart's state, dotted; its initial one before the first fact. */
  readonly value: string;
  readonly context: C;
  /** −1 before the first fact. */
  readonly revision: number;
}

export interface Definition<C, F extends Fact> {
  /** The category of its streams. */
  kind: string;
  chart: Chart;
  /** The shape of each fact's data; checked before a fact is appended. */
  facts: Record<F['type'], z.ZodType>;
  initial: () => C;
  /** Pure: the context after the fact. `at` is the recorded time. */
  evolve: (context: C, fact: F, at: number) => C;
  /** What an event of this actor concerns, from the context after it. */
  scope?: (context: C) => Scope;
  /** The refusal when a fact does not fit the state. */
  outOfOrder: Parameters<typeof rejected>[0];
  deadlines?: readonly Deadline<C>[];
  /** The shape of the context, of an actor that lives on when its stream has grown long: see `carry-over.ts`. */
  carried?: z.ZodType<C>;
}

// Commands are typed by each actor's own `decide`; the host hands over what the schema has parsed, hence `never` here.
export interface ActorKind<C = unknown, F extends Fact = Fact> extends Definition<C, F> {
  machine: AnyStateMachine;
  decide: (command: never, actor: Proposer<C, F>) => F[] | Rejected;
  start(): ActorState<C>;
  /** The state after a fact; throws Defect when the chart has no such step. */
  step(state: ActorState<C>, fact: F, at: number): ActorState<C>;
  /** The chart's answer alone: the next state, or null. */
  next(value: string, type: string): string | null;
  propose(state: ActorState<C>): Proposer<C, F>;
}

/** What `decide` gets: the state, and a way to propose facts that the chart then accepts or refuses. */
export interface Proposer<C, F extends Fact> extends ActorState<C> {
  can(type: F['type']): boolean;
  /** The facts, if each fits the state that the ones before it lead to; else a refusal with the actor's own code. */
  facts(...facts: F[]): F[] | Rejected;
  refuse(message: string): Rejected;
}

export function defineActor<C, F extends Fact, Cmd extends Command>(
  definition: Definition<C, F> & { decide: (command: Cmd, actor: Proposer<C, F>) => F[] | Rejected },
): ActorKind<C, F> {
  const machine = createMachine({
    id: definition.kind,
    initial: definition.chart.initial,
    states: definition.chart.states,
  } as never);
  const steps = new Map<string, string | null>();

  const next = (value: string, type: string): string | null => {
    const key = `${value} ${type}`;
    let target = steps.get(key);
    if (target === undefined) {
      target = askChart(machine, value, type);
      steps.set(key, target);
    }
    return target;
  };

  const propose = (state: ActorState<C>): Proposer<C, F> => ({
    ...state,
    can: (type) => next(state.value, type) !== null,
    facts(...facts) {
      let value = state.value;
      for (const fact of facts) {
        const target = next(value, fact.type);
        if (target === null)
          return rejected(
            definition.outOfOrder,
            `${fact.type} does not fit a ${definition.kind} that is ${wordOf(value)}.`,
            { state: value },
          );
        value = target;
      }
      return facts;
    },
    refuse: (message) => rejected(definition.outOfOrder, message, { state: state.value }),
  });

  return {
    ...definition,
    decide: definition.decide as ActorKind<C, F>['decide'],
    machine,
    next,
    propose,
    start: () => ({ value: definition.chart.initial, context: definition.initial(), revision: -1 }),
    step(state, fact, at) {
      const value = next(state.value, fact.type);
      assert(value !== null, `${fact.type} does not fit a ${definition.kind} in state ${state.value}`, {
        fact: fact.type,
        state: state.value,
      });
      return { value, context: definition.evolve(state.context, fact, at), revision: state.revision + 1 };
    },
  };
}

/** `on` entries for facts that leave the state as it is. */
export function stays(state: string, ...types: string[]): Record<string, string> {
  return Object.fromEntries(types.map((type) => [type, state]));
}

/** Every state of a chart by its dotted name, leaves only. */
export function statesOf(chart: Chart): string[] {
  const walk = (states: Record<string, ChartNode>, prefix: string): string[] =>
    Object.entries(states).flatMap(([name, node]) =>
      node.states ? walk(node.states, `${prefix}${name}.`) : [`${prefix}${name}`],
    );
  return walk(chart.states, '');
}

function askChart(machine: AnyStateMachine, value: string, type: string): string | null {
  const snapshot = machine.resolveState({ value: nested(value), context: {} });
  if (!snapshot.can({ type })) return null;
  const [after] = transition(machine, snapshot, { type });
  return dotted(after.value as StateValue);
}

type StateValue = string | { [key: string]: StateValue };

function nested(value: string): StateValue {
  const [head, ...rest] = value.split('.');
  return rest.length === 0 ? (head as string) : { [head as string]: nested(rest.join('.')) };
}

function dotted(value: StateValue): string {
  if (typeof value === 'string') return value;
  const [head, rest] = Object.entries(value)[0] as [string, StateValue];
  return `${head}.${dotted(rest)}`;
}
