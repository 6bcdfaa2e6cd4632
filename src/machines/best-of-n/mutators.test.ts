import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMULAS } from '../../../agents/repair/src/localise/formulas.ts';
import { FAMILIES, ORDERS } from '../../../agents/repair/src/patch/order.ts';
import { directive } from '../../../tests/support/examples.ts';
import { type Directive, directiveSchema, REPAIR_FAVOURS, REPAIR_FORMULAS, REPAIR_ORDERS } from './directive.ts';
import { variantSchema } from './events.ts';
import { mutate, type MutationRequest, MUTATOR_NAMES } from './mutators.ts';

const agent = fc.constantFrom('repair', 'claude', 'codex', 'constructor');
const request: fc.Arbitrary<MutationRequest> = fc
  .record({
    n: fc.integer({ min: 1, max: 32 }),
    seed: fc.nat(),
    agents: fc.array(agent, { minLength: 1, maxLength: 4 }),
    models: fc.constantFrom<MutationRequest['models'][]>({}, { claude: ['small', 'large'] }),
    emphasis: fc.constantFrom(null, 'reuse' as const),
    maxLines: fc.constantFrom(null, 1, 2, 80),
    formula: fc.constantFrom(...REPAIR_FORMULAS),
    seedGiven: fc.option(fc.nat(9)),
  })
  .map(({ emphasis, maxLines, formula, seedGiven, ...rest }) => ({
    ...rest,
    directive: directiveSchema.parse({
      goal: 'Make the tests pass',
      constraints: { maxLines },
      parameters: { agent: rest.agents[0], emphasis, seed: seedGiven, repair: { formula } },
    }),
  }));

const unseeded = ({ parameters, ...rest }: Directive) =>
  JSON.stringify({ ...rest, parameters: { ...parameters, seed: 0 } });

describe('variants', () => {
  it('are the same for the same request', () => {
    fc.assert(
      fc.property(request, (one) => {
        expect(mutate(structuredClone(one))).toEqual(mutate(one));
      }),
    );
  });

  it('are N in their order, and variant 0 is the directive untouched', () => {
    fc.assert(
      fc.property(request, (one) => {
        const before = structuredClone(one);
        const variants = mutate(one);
        expect(variants.map(({ index }) => index)).toEqual(Array.from({ length: one.n }, (_none, n) => n));
        expect(variants[0]).toEqual({ index: 0, directive: before.directive, mutators: [], words: 'As given.' });
        expect(one).toEqual(before);
      }),
    );
  });

  it('parse as what is recorded, keep the goal, and name what was changed', () => {
    fc.assert(
      fc.property(request, (one) => {
        for (const variant of mutate(one)) {
          expect(variantSchema.parse(variant)).toEqual(variant);
          expect(variant.directive.goal).toBe(one.directive.goal);
          for (const name of variant.mutators) expect(MUTATOR_NAMES).toContain(name);
        }
      }),
    );
  });

  it('really differ: all in their seeds, and those of an agent in more until its settings are used up', () => {
    fc.assert(
      fc.property(request, (one) => {
        const variants = mutate(one);
        expect(new Set(variants.map((variant) => variant.directive.parameters.seed)).size).toBe(one.n);
        expect(new Set(variants.slice(0, 10).map((variant) => unseeded(variant.directive))).size).toBe(
          Math.min(10, one.n),
        );
      }),
    );
  });

  it('take the agents in turn, and only models of the agent', () => {
    fc.assert(
      fc.property(request, (one) => {
        for (const { index, directive: made } of mutate(one)) {
          const { agent: name, model } = made.parameters;
          expect(name).toBe(one.agents[index % one.agents.length]);
          if (model !== null) expect({ ...one.models }[name]).toContain(model);
        }
      }),
    );
  });

  it('change one thing before they change two', () => {
    const counts = mutate({ directive: directive(), n: 32, seed: 3, agents: ['repair'], models: {} })
      .slice(1)
      .map(({ mutators }) => mutators.length);
    expect(counts).toEqual(counts.toSorted());
    expect(counts[0]).toBe(2);
  });

  it('differ between seeds of the run', () => {
    const of = (seed: number) => mutate({ directive: directive(), n: 4, seed, agents: ['claude'], models: {} });
    expect(of(1)).not.toEqual(of(2));
  });

  it('vary what the agent can make use of', () => {
    const names = (name: string) =>
      new Set(
        mutate({ directive: directive(), n: 32, seed: 1, agents: [name], models: {} }).flatMap((one) => one.mutators),
      );
    const { parameters } = directive();
    const ofClaude = mutate({
      directive: directive({ parameters: { ...parameters, agent: 'claude' } }),
      ...{ n: 32, seed: 1, agents: ['claude'], models: { claude: ['large'] } },
    });
    expect([...names('repair')].sort()).toEqual(['repair_favour', 'repair_formula', 'repair_order', 'seed']);
    expect([...new Set(ofClaude.flatMap((one) => one.mutators))].sort()).toEqual([
      'constraints',
      'emphasis',
      'model',
      'seed',
    ]);
  });

  it('say in words what is different', () => {
    const [, other] = mutate({ directive: directive(), n: 2, seed: 1, agents: ['repair', 'claude'], models: {} });
    expect(other).toMatchObject({ mutators: ['agent', 'seed'] });
    expect(other?.words).toMatch(/^With the agent claude and the seed \d+\.$/);
  });
});

it('asks the repair agent for nothing that it does not know', () => {
  expect([REPAIR_FAVOURS, REPAIR_FORMULAS, REPAIR_ORDERS]).toEqual([FAMILIES, FORMULAS, ORDERS]);
});
