import {
  ALL,
  type CheckDefinition,
  type CheckOutcome,
  type CheckRun,
  checkOf,
  type OpenedChecks,
  runChecks,
} from '../../../checks/index.ts';
import { mend } from '../check/mend.ts';
import { type Finding, note, ok, problem, warning } from '../../../kernel/findings.ts';
import { failureOf } from '../failure.ts';
import type { Output } from '../output.ts';
import type { CheckTools, World } from '../world.ts';

const OWN_DEFINITION = 'checks.yaml';

/**
 * The built-ins among the checks of the repository around here (runtime, lockfile, dependencies, …) and the state that git is in;
 * nothing outside of a repository. With `fix`, what can be mended is, as `heph check --fix` does it. What a `checks.yaml` asks for
 * is a problem when it fails, for it would stop a run; what was detected is a warning.
 */
export async function checkRepository(
  { world, directory, output }: { world: World; directory: string; output: Output },
  tools: CheckTools,
  fix: boolean,
): Promise<Finding[]> {
  const checks = tools.open({ folder: world.cwd, directory, readOnly: !fix, world });
  if (!checks.place.git) return [];
  try {
    const definition = onlyBuiltIns(await checks.definition());
    const first = await look(checks, definition, tools);
    const mendable = fix && first.checks.some(({ fixable }) => fixable);
    const mending = { checks, definition, run: first, newId: tools.newRunId, signal: forever(), ask: null };
    if (mendable) await mend(mending, output);
    const run = mendable ? await look(checks, definition, tools) : first;
    return run.checks.map((outcome) => findingOf(outcome, definition.source === OWN_DEFINITION));
  } catch (error) {
    const failure = failureOf(error);
    return [problem('checks', failure.message, failure.next)];
  }
}

const forever = () => new AbortController().signal;
const GIT_STATE = checkOf({ name: 'git_state', builtin: 'git_state', files: [], warn: true });

/** Agents are looked at for themselves. What only a command's result could tell is not asked. */
function onlyBuiltIns(definition: CheckDefinition): CheckDefinition {
  const known = definition.checks.filter(({ builtin }) => builtin !== null && builtin !== 'agents');
  const names = known.map(({ name }) => name);
  const checks = known.map((check) => ({ ...check, needs: check.needs.filter((need) => names.includes(need)) }));
  const more = known.some(({ name, builtin }) => builtin === 'git_state' || name === GIT_STATE.name) ? [] : [GIT_STATE];
  return { ...definition, checks: [...checks, ...more] };
}

/** Looks anew, whatever is known, and keeps nothing. */
function look({ place, parts }: OpenedChecks, definition: CheckDefinition, tools: CheckTools): Promise<CheckRun> {
  const request = { runId: tools.newRunId(), repositoryId: place.repositoryId, folder: place.root, definition };
  const cache = { ...parts.cache, read: async () => null, write: async () => {} };
  return runChecks({ ...request, select: ALL, jobs: null, dryRun: false, signal: forever() }, { ...parts, cache });
}

function findingOf({ name, status, why, next, fixable }: CheckOutcome, own: boolean): Finding {
  const what = `check ${name}`;
  const todo = fixable ? `${next ?? ''} \`heph doctor --fix\` does it.`.trim() : (next ?? 'Run `heph check` for more.');
  if (status === 'passed') return ok(what, why);
  if (status === 'skipped') return note(what, why, todo);
  return status === 'failed' && own ? problem(what, why, todo) : warning(what, why, todo);
}
