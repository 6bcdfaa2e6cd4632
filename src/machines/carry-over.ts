import { z } from 'zod';
import { assert } from '../kernel/errors.ts';
import { type ActorKind, type Fact, type FactsOf, statesOf } from './define-actor.ts';

/**
 * An actor that lives as long as the workspace goes on in a fresh stream before its own grows long:
 *
 *     fleet-main      SlotGranted … SlotReleased  CarriedOver {to: fleet-main_g2}
 *     fleet-main_g2                               CarriedFrom {from: fleet-main, state}  SlotGranted …
 *
 * `CarriedOver` is the last event of its stream. `CarriedFrom` is the first of the next and holds the state that all
 * events before it lead to, so nobody has to read them again.
 */
export const carryOverFacts = {
  CarriedOver: z.object({ to: z.string() }),
  CarriedFrom: z.object({
    from: z.string(),
    /** The chart's state, and the context in the shape of the kind's `carried`. */
    state: z.object({ value: z.string(), context: z.record(z.string(), z.unknown()) }),
    /** The commands that were answered lately, oldest first, and where their last event is: a repeated one is answered as the first time. */
    answers: z.array(
      z.object({ commandId: z.string(), stream: z.string(), revision: z.number().int(), types: z.array(z.string()) }),
    ),
  }),
};
export type CarryOverFact = FactsOf<typeof carryOverFacts>;
export type CarriedFrom = Extract<CarryOverFact, { type: 'CarriedFrom' }>['data'];

/** Whether an event of that type is about the stream of such an actor, not about the actor. */
export function isCarryOver(kind: ActorKind<unknown, Fact>, type: string): type is CarryOverFact['type'] {
  return kind.carried !== undefined && Object.hasOwn(carryOverFacts, type);
}

/** What was carried, checked; throws where it is not a state of this kind of actor. */
export function carriedFrom(
  kind: ActorKind<unknown, Fact>,
  data: unknown,
): Omit<CarriedFrom, 'state'> & { state: { value: string; context: unknown } } {
  const { from, state, answers } = carryOverFacts.CarriedFrom.parse(data);
  assert(statesOf(kind.chart).includes(state.value), `a ${kind.kind} has no state ${state.value}`);
  return { from, answers, state: { value: state.value, context: kind.carried?.parse(state.context) } };
}

// An id of ours has 26 characters behind its only underscore, so it does not end like this by itself.
const GENERATION = /_g([2-9]|[1-9]\d{1,5})$/;

/** Whose stream it is, whichever generation of it: `fleet-main` for `fleet-main_g2`. */
export function actorStreamOf(stream: string): string {
  return stream.replace(GENERATION, '');
}

/** The first generation's stream bears the actor's own name. */
export function generationOf(stream: string): number {
  return Number(GENERATION.exec(stream)?.[1] ?? 1);
}

export function generationStream(actorStream: string, generation: number): string {
  return generation === 1 ? actorStream : `${actorStream}_g${generation}`;
}
