import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface Arguments {
  taskId: string;
  /** Absolute root of the worktree. */
  worktree: string;
  mcpConfig: string;
  /** Shuffles equally promising candidates; null keeps their order. */
  seed: number | null;
  budgetMs: number;
  /** Overrides the task's own check. */
  check: string | null;
}

const BUDGET_MS = 600_000;
export const USAGE =
  'usage: repair --task-id ID --worktree DIR --mcp-config FILE [--prompt-file FILE] [--seed N] [--budget-ms N] [--check "npm test"]';

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
      'budget-ms': { type: 'string' },
      check: { type: 'string' },
    },
  });
  return {
    taskId: required(values['task-id'], '--task-id'),
    worktree: resolve(required(values.worktree, '--worktree')),
    mcpConfig: resolve(required(values['mcp-config'], '--mcp-config')),
    seed: values.seed === undefined ? null : wholeNumber(values.seed, '--seed'),
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
