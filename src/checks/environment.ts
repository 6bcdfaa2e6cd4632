import { Fault } from '../kernel/errors.ts';
import { shellWords } from '../kernel/words.ts';
import { type Check, ENVIRONMENT } from './definition.ts';
import { filesHash } from './key.ts';
import type { CheckParts, Fix } from './ports.ts';
import type { CheckOutcome, CheckRun } from './results.ts';
import { type CheckRequest, runChecks } from './run-checks.ts';
import { ALL } from './select.ts';

/** One may mend what another one needs: a lockfile first, then what is installed by it. */
const ROUNDS_MAX = 5;

export interface MadeReady {
  /** What the checks of the environment came to in the end. */
  run: CheckRun;
  /** A sentence for each fix that was applied. */
  fixed: string[];
}

/** Whose fixes may be applied: `installed`: only what installs the locked dependencies; `all`: also the commands that checks name. */
export type Fixing = 'installed' | 'all';

/**
 * Runs the checks that are tagged `environment`, and the known fix of each that fails, until they pass or nothing is left to be
 * tried. Null where there are none. Throws Fault `environment.unfit` when a fix changes a file that git does not ignore: that is
 * for a person to decide and commit.
 */
export async function makeReady(
  request: Omit<CheckRequest, 'select'>,
  parts: CheckParts,
  fixing: Fixing,
): Promise<MadeReady | null> {
  const checks = request.definition.checks.filter(({ tags }) => tags.includes(ENVIRONMENT));
  if (checks.length === 0) return null;
  const select = { ...ALL, names: checks.map(({ name }) => name) };
  const fixed = new Map<string, string>();
  for (let round = 1; ; round++) {
    const run = await runChecks({ ...request, select }, parts);
    const failed = run.checks.find(({ name, status }) => status === 'failed' && !fixed.has(name));
    const check = checks.find(({ name }) => name === failed?.name);
    const fix = check && round < ROUNDS_MAX && !request.signal.aborted ? await fixOf(check, parts, fixing) : null;
    if (!check || !fix) return { run, fixed: [...fixed.values()] };
    fixed.set(check.name, await apply(check, fix, request, parts));
  }
}

/** Why a worktree is not fit for an agent, in words; null when it is. */
export function whyUnfit({ run, fixed }: MadeReady): string | null {
  const failed = run.checks.filter(({ status }) => status === 'failed' || status === 'cancelled');
  if (failed.length === 0) return null;
  const tried = fixed.length > 0 ? ` Tried: ${fixed.join('; ')}.` : '';
  return `${failed.map(reasonOf).join(' ')}${tried}`;
}

/** Whether all that is wrong is of the moment, as a full disk is, so that waiting may help. */
export function mayPass({ run }: MadeReady, checks: readonly Check[], { builtIns }: CheckParts): boolean {
  return run.checks
    .filter(({ status }) => status === 'failed')
    .every(({ name }) => {
      const builtin = checks.find((check) => check.name === name)?.builtin;
      return builtin ? builtIns[builtin].cacheForMs === 0 : false;
    });
}

function reasonOf({ name, why, next, tail }: CheckOutcome): string {
  const last = tail.trimEnd().split('\n').at(-1);
  return `${name}: ${why}${last ? ` (${last})` : ''}${next ? ` ${next}` : ''}`;
}

async function fixOf(check: Check, { builtIns }: CheckParts, fixing: Fixing): Promise<Fix | null> {
  if (check.fix) return fixing === 'all' ? { words: check.fix, changes: [] } : null;
  // What mends a lockfile changes it, and that is work to be committed.
  return check.builtin === 'dependencies' ? (await builtIns.dependencies.look(check)).fix : null;
}

async function apply(
  check: Check,
  { words }: Fix,
  { runId, signal }: Pick<CheckRequest, 'runId' | 'signal'>,
  { commands, inputs }: CheckParts,
): Promise<string> {
  const look = async () => filesHash(await inputs.list([]), ['**']);
  const before = await look();
  const { exitCode, signal: by } = await commands.run({ ...check, junit: null }, words, runId, signal);
  const line = `${check.name} by \`${shellWords(words)}\``;
  if ((await look()) !== before)
    throw new Fault(
      'environment.unfit',
      `${line} changed files that git does not ignore: do it yourself and commit them.`,
      {
        retryable: false,
      },
    );
  return exitCode === 0 ? line : `${line}, which ended with ${by ?? `exit code ${exitCode}`}`;
}
