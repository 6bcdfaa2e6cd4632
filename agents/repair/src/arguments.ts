import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FORMULAS } from './localise/formulas.ts';
import { FAMILIES, ORDERS } from './patch/order.ts';
import type { AskedVariation } from './variation.ts';

export interface Arguments extends AskedVariation {
  taskId: string;
  /** Absolute root of the worktree. */
  worktree: string;
  mcpConfig: string;
  budgetMs: number;
  /** Overrides the task's own check. */
  check: string | null;
}

const BUDGET_MS = 600_000;
export const USAGE =
  'usage: repair --task-id ID --worktree DIR --mcp-config FILE [--prompt-file FILE] [--check "npm test"] [--budget-ms N] [--seed N] [--favour FAMILY] [--formula NAME] [--order NAME]';

/** Reads the command line; throws with a sentence when something is missing or no number. */
export function readArguments(argv: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      'task-id': { type: 'string' },
      worktree: { type: 'string' },
      'mcp-config': { type: 'string' },
      // Other agents need a prompt; this one takes all it needs from the task, and accepts the option for symmetry.
      'prompt-file': { type: 'string' },
      seed: { type: 'string' },
      favour: { type: 'string' },
      formula: { type: 'string' },
      order: { type: 'string' },
      'budget-ms': { type: 'string' },
      check: { type: 'string' },
    },
  });
  return {
    taskId: required(values['task-id'], '--task-id'),
    worktree: resolve(required(values.worktree, '--worktree')),
    mcpConfig: resolve(required(values['mcp-config'], '--mcp-config')),
    seed: values.seed === undefined ? null : wholeNumber(values.seed, '--seed'),
    favour: choice(values.favour, '--favour', FAMILIES),
    formula: choice(values.formula, '--formula', FORMULAS),
    order: choice(values.order, '--order', ORDERS),
    budgetMs: values['budget-ms'] === undefined ? BUDGET_MS : wholeNumber(values['budget-ms'], '--budget-ms'),
    check: values.check ?? null,
  };
}

function required(value: string | undefined, option: string): string {
  if (value === undefined || value === '') throw new Error(`${option} is missing`);
  return value;
}

function wholeNumber(value: string, option: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new Error(`${option} takes a whole number, not "${value}"`);
  return Number(value);
}

function choice<T extends string>(value: string | undefined, option: string, known: readonly T[]): T | null {
  if (value === undefined) return null;
  const found = known.find((one) => one === value);
  if (!found) throw new Error(`${option} is one of ${known.join(', ')}, not "${value}"`);
  return found;
}
