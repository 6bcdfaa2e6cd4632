import fc from 'fast-check';
import type { Said } from '../given.ts';

/**
 * Random commands for each kind of actor: few ids, few numbers, so that sequences meet themselves often. Each input
 * still parses by its command's schema; `given.ts` looks.
 *
 * An attempt is written relative to the task's own (0: the current one), for a random number would nearly always be a
 * stale one.
 */
export type Move = Said & { relative?: true };
export type Moves = fc.Arbitrary<Move>;

export const pick = fc.constantFrom;
export const text = pick('', 'because', 'x'.repeat(300));
const actor = pick('operator', 'server', 'agent:agt_1', 'agent:agt_2');

/** A command with an arbitrary for each field of its input; constants stand for themselves. */
export function move(name: string, fields: Record<string, unknown>, more: { relative?: true } = {}): Moves {
  const arbitraries = Object.entries(fields).map(([key, field]) => [
    key,
    isArbitrary(field) ? field : fc.constant(field),
  ]);
  const input = fc.record(Object.fromEntries(arbitraries) as Record<string, fc.Arbitrary<unknown>>);
  return fc.record({ name: fc.constant(name), input, actor }).map((said) => ({ ...said, ...more }));
}

function isArbitrary(value: unknown): value is fc.Arbitrary<unknown> {
  return value instanceof fc.Arbitrary;
}

/** The one workflow there is. */
export const workflowId = 'wfl_1';
