import { join } from 'node:path';
import { Fault, HephError, messageOf } from '../../kernel/errors.ts';
import { createIds } from '../../kernel/ids.ts';
import type { Redactor } from '../../kernel/redact.ts';
import { splitWords } from '../../kernel/words.ts';
import type { CheckEngine, Judgement, JudgeRequest } from '../../runtime/checks/check-engine.ts';
import { graphNames } from '../../runtime/checks/graph-command.ts';
import type { Environment, TestOutcome } from '../../runtime/runner.ts';
import { folderName } from '../../runtime/worktrees/names.ts';
import { declaredBy } from '../declared.ts';
import { type Check, type CheckDefinition, checkOf, DEFINITION_FILE } from '../definition.ts';
import { makeReady, mayPass, whyUnfit } from '../environment.ts';
import { judgementOfCommand, judgementOfGraph, partsIn } from '../judgement.ts';
import { INSTALLED } from '../node-packages.ts';
import type { CheckParts, CommandRun } from '../ports.ts';
import type { CheckRun } from '../results.ts';
import { type CheckRequest, runChecks } from '../run-checks.ts';
import { ALL } from '../select.ts';
import { definitionIn, loadDefinition } from './definition-file.ts';
import { partsAt, type Surroundings } from './open-checks.ts';

export interface GateOptions extends Surroundings {
  /** Where the gates' results are, a folder per repository. Nobody writes there but the runner that this engine serves. */
  results: string;
  redactor: Redactor;
}

type EnvironmentRequest = Parameters<CheckEngine['makeReady']>[0];

const ABOUT_THE_TREE = ['check.bad_definition', 'check.unknown_name'];
/** The name of the only check there is where a workflow judges by one command. */
const COMMAND_CHECK = 'check';

/**
 * The engine as the system's own judge. What it keeps lies apart from what `heph check` keeps: there, whoever can start
 * `heph check` in a folder of their own can leave a result; here, every result was made on a fresh checkout, under a key that was
 * computed before anything in it ran.
 */
export function openGates(options: GateOptions): CheckEngine {
  return {
    declares: async (read) => declaredBy(await definitionIn(read)),
    judge: (request) => judge(options, request),
    makeReady: (request) => ready(options, request),
  };
}

async function judge(options: GateOptions, request: JudgeRequest): Promise<Judgement> {
  const names = graphNames(request.command);
  const { parts, commands, tests, broken } = witnessed(options, request);
  if (names === null) {
    const definition = oneCommand(request, splitWords(request.command));
    const ran = await inTime(options, request, definition, (asked) => runChecks({ ...asked, select: ALL }, parts));
    await parts.runs.save(ran);
    if (broken[0]) throw broken[0];
    return judgementOfCommand(ran, { commands, tests });
  }
  try {
    const definition = withinTrust(await loadDefinition(request.checkout, null), await trustedVariables(request));
    const { fixed, ran } = await inTime(options, request, definition, async (asked) => {
      const run = () => runChecks({ ...asked, select: { ...ALL, names } }, parts);
      const first = await run();
      const made = lacksPackages(first, definition) ? await makeReady(asked, parts, 'installed') : null;
      return made && made.fixed.length > 0 ? { fixed: made.fixed, ran: await run() } : { fixed: [], ran: first };
    });
    await parts.runs.save({ ...ran, fixes: fixed });
    const judgement = judgementOfGraph(ran, { commands, tests }, request.limits.outputBytesMax);
    return { ...judgement, ...(fixed.length > 0 && { fixed }) };
  } catch (error) {
    // The tree's own definition cannot be read, or lacks what it is to be judged by: that is a verdict on the tree.
    if (!(error instanceof HephError) || !ABOUT_THE_TREE.includes(error.code)) throw error;
    return unreadable(messageOf(error));
  }
}

async function ready(options: GateOptions, request: EnvironmentRequest): Promise<Environment | null> {
  const definition = withinTrust(await loadDefinition(request.checkout, null), await trustedVariables(request));
  if (definition.source !== DEFINITION_FILE) return null;
  const { parts } = witnessed(options, { ...request, cache: 'use' });
  const made = await inTime(options, request, definition, (asked) => makeReady(asked, parts, 'all'));
  if (made === null) return null;
  const why = whyUnfit(made);
  if (why !== null) throw new Fault('environment.unfit', why, { retryable: mayPass(made, definition.checks, parts) });
  return { checks: partsIn(made.run), fixed: made.fixed };
}

type Asked = Omit<CheckRequest, 'select'>;

/** Lets something run with a definition until the time is over; what runs then is ended. */
async function inTime<T>(
  { clock, random }: GateOptions,
  { repositoryId, checkout, limits }: EnvironmentRequest,
  definition: CheckDefinition,
  act: (asked: Asked) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const cancel = clock.after(limits.wallMs, () => stop.abort(new Error('the time limit')));
  const runId = createIds(clock, random).next('chk');
  const asked = { runId, repositoryId, folder: checkout, definition, jobs: null, dryRun: false, signal: stop.signal };
  try {
    return await act(asked);
  } finally {
    cancel();
  }
}

/** The user's own folder of packages, which was copied, may be behind what is locked. */
function lacksPackages(run: CheckRun, { source, checks }: CheckDefinition): boolean {
  const failed = run.checks.filter(({ status }) => status === 'failed').map(({ name }) => name);
  return (
    source === DEFINITION_FILE && checks.some((one) => one.builtin === 'dependencies' && failed.includes(one.name))
  );
}

/** One command, with all that git does not ignore and what is installed as its inputs. */
function oneCommand({ limits }: JudgeRequest, run: readonly string[]): CheckDefinition {
  const files = ['**', ...Object.values(INSTALLED).flat()];
  const check = checkOf({ name: COMMAND_CHECK, run, files, timeLimitMs: limits.wallMs });
  return { checks: [check], jobs: null, webhook: null, source: 'the command', reasons: {} };
}

/** The checks with those variables only that may be given; null: all that they name. */
function withinTrust(definition: CheckDefinition, variables: ReadonlySet<string> | null): CheckDefinition {
  if (variables === null) return definition;
  const checks = definition.checks.map((check) => ({ ...check, env: check.env.filter((name) => variables.has(name)) }));
  return { ...definition, checks };
}

async function trustedVariables({ trusted }: EnvironmentRequest): Promise<ReadonlySet<string> | null> {
  if (trusted === undefined) return null;
  if (trusted === null) return new Set();
  const { checks } = await definitionIn(async () => trusted);
  return new Set(checks.flatMap(({ env }: Check) => env));
}

function unreadable(message: string): Judgement {
  const nothing = { exitCode: null, signal: null, durationMs: 0, tests: null, checks: [], savedMs: 0 };
  return { ...nothing, status: 'failed', tail: message, source: 'checks.yaml' };
}

/** The engine's ports for one checkout. */
function partsOf(options: GateOptions, { repositoryId, checkout, commit, limits }: EnvironmentRequest): CheckParts {
  const folder = join(options.results, folderName(repositoryId));
  const tailBytesMax = limits.outputBytesMax;
  const ports = partsAt(
    { root: checkout, git: true, repositoryId },
    { ...options, folder, readOnly: false, tailBytesMax },
  );
  return {
    ...ports,
    // Each checkout has an index of its own: no other would find what is remembered under it.
    inputs: { ...ports.inputs, remembered: async () => ({}), remember: async () => {} },
    runs: { ...ports.runs, list: async () => [] },
    head: async () => ({ commit, clean: true }),
  };
}

/** The same, and what goes through them that no outcome has. */
function witnessed(options: GateOptions, request: Omit<JudgeRequest, 'command'>) {
  const { cache: mode } = request;
  const ports = partsOf(options, request);
  const commands = new Map<string, CommandRun>();
  const tests = new Map<string, readonly TestOutcome[] | null>();
  const broken: Error[] = [];
  const parts: CheckParts = {
    ...ports,
    cache: {
      ...ports.cache,
      async read(key) {
        const found = mode === 'use' ? await ports.cache.read(key) : null;
        if (found?.outcomes === undefined) return null;
        tests.set(found.name, found.outcomes);
        return found;
      },
      async write(key, result) {
        if (mode !== 'none') await ports.cache.write(key, { ...result, outcomes: tests.get(result.name) ?? null });
      },
      claim: (check, key, onWait, signal) => ports.cache.claim(check, mode === 'none' ? null : key, onWait, signal),
    },
    commands: {
      async run(check, words, runId, signal) {
        try {
          const ran = await ports.commands.run(check, words, runId, signal);
          commands.set(check.name, ran);
          tests.set(check.name, ran.tests);
          return ran;
        } catch (error) {
          if (error instanceof Error) broken.push(error);
          throw error;
        }
      },
    },
  };
  return { parts, commands, tests, broken };
}
