import { z } from 'zod';
import { isGlob, NO_GLOB } from '../../kernel/glob.ts';

/** What a candidate is to lay weight on, beside the goal; the sentence stands in its prompt. */
export const EMPHASES = {
  smallest_change: 'Change as little as you can: the fewest lines that reach the goal.',
  root_cause: 'Find the cause before you change anything, and mend it where it arises.',
  tests_first: 'Write a failing test that shows what is wanted before you change the code.',
  reuse: 'Use what the repository has already rather than writing it anew.',
  robustness: 'Think of inputs that nobody has tried: empty, huge, repeated, out of order.',
} as const;
export type Emphasis = keyof typeof EMPHASES;
const emphasisSchema = z.enum(Object.keys(EMPHASES) as [Emphasis, ...Emphasis[]]);

/** How the built-in `repair` agent searches; its own options have the same names. */
export const REPAIR_FAVOURS = ['operators', 'conditions', 'literals', 'calls', 'structure'] as const;
export const REPAIR_FORMULAS = ['ochiai', 'tarantula', 'dstar'] as const;
export const REPAIR_ORDERS = ['rank', 'place', 'kind'] as const;

export const constraintsSchema = z.strictObject({
  maxLines: z.number().int().min(1).max(100_000).nullable().default(null).describe('Lines that may change'),
  allowedFiles: z
    .array(z.string().min(1).max(400).refine(isGlob, NO_GLOB))
    .max(100)
    .nullable()
    .default(null)
    .describe('Globs of the files that may change; a later `!glob` takes away'),
  allowedImports: z
    .array(z.string().min(1).max(400))
    .max(100)
    .nullable()
    .default(null)
    .describe('Modules that may be imported newly'),
  expectedOutput: z.string().min(1).max(4000).nullable().default(null).describe('Text that the check must print'),
});
export type Constraints = z.infer<typeof constraintsSchema>;

export const parametersSchema = z.strictObject({
  agent: z.string().min(1).max(40).default('repair'),
  /** Null: the agent’s own. */
  model: z.string().min(1).max(200).nullable().default(null),
  /** For an agent that takes one; null: its own order. */
  seed: z.number().int().min(0).max(2_147_483_647).nullable().default(null),
  emphasis: emphasisSchema.nullable().default(null),
  /** How to go about it, in words. */
  approach: z.string().min(1).max(2000).nullable().default(null),
  repair: z
    .strictObject({
      /** The family of mutations that is tried first. */
      favour: z.enum(REPAIR_FAVOURS).nullable().default(null),
      formula: z.enum(REPAIR_FORMULAS).default('ochiai'),
      order: z.enum(REPAIR_ORDERS).default('rank'),
    })
    .prefault({}),
});
export type Parameters = z.infer<typeof parametersSchema>;

/** What one candidate is asked for. Variants differ in their directives and in nothing else. */
export const directiveSchema = z.strictObject({
  goal: z.string().min(1).max(20_000),
  constraints: constraintsSchema.prefault({}),
  /** What a good result is, in words, for agents and people; scorers do not read them. */
  criteria: z.array(z.string().min(1).max(1000)).max(20).default([]),
  parameters: parametersSchema.prefault({}),
});
export type Directive = z.infer<typeof directiveSchema>;
