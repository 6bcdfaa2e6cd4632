import { join } from 'node:path';
import { HephError, messageOf } from '../../kernel/errors.ts';
import { createIds } from '../../kernel/ids.ts';
import type { Redactor } from '../../kernel/redact.ts';
import { splitWords } from '../../kernel/words.ts';
import type { CheckEngine, Judgement, JudgeRequest } from '../../runtime/checks/check-engine.ts';
import { graphNames } from '../../runtime/checks/graph-command.ts';
import type { TestOutcome } from '../../runtime/runner.ts';
import { folderName } from '../../runtime/worktrees/names.ts';
import { declaredBy } from '../declared.ts';
import { type Check, type CheckDefinition, checkOf } from '../definition.ts';
import { judgementOfCommand, judgementOfGraph } from '../judgement.ts';
import { INSTALLED } from '../node-packages.ts';
import type { CheckParts, CommandRun } from '../ports.ts';
import type { CheckRun } from '../results.ts';
import { runChecks } from '../run-checks.ts';
import { ALL } from '../select.ts';
import { definitionIn, loadDefinition } from './definition-file.ts';
import { partsAt, type Surroundings } from './open-checks.ts';

export interface GateOptions extends Surroundings {
  /** Where the gates' results are, a folder per repository. Nobody writes there but the runner that this engine serves. */
  results: string;
  redactor: Redactor;
}

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
  };
}

async function judge(options: GateOptions, request: JudgeRequest): Promise<Judgement> {
  const names = graphNames(request.command);
  const { parts, commands, tests, broken } = witnessed(options, request);
  const run = async (definition: CheckDefinition, chosen: readonly string[]): Promise<CheckRun> => {
    const stop = new AbortController();
    const { clock, random } = options;
    const cancel = clock.after(request.limits.wallMs, () => stop.abort(new Error('the time limit')));
    try {
      const ran = await runChecks(
        {
          runId: createIds(clock, random).next('chk'),
          repositoryId: request.repositoryId,
          folder: request.checkout,
          definition,
          select: { ...ALL, names: chosen },
          jobs: null,
          dryRun: false,
          signal: stop.signal,
        },
        parts,
      );
      await parts.runs.save(ran);
      return ran;
    } finally {
      cancel();
    }
  };
  if (names === null) {
    const ran = await run(oneCommand(request, splitWords(request.command)), []);
    if (broken[0]) throw broken[0];
    return judgementOfCommand(ran, { commands, tests });
  }
  try {
    const definition = withinTrust(await loadDefinition(request.checkout, null), await trustedVariables(request));
    return judgementOfGraph(await run(definition, names), { commands, tests }, request.limits.outputBytesMax);
  } catch (error) {
    // The tree's own definition cannot be read, or lacks what it is to be judged by: that is a verdict on the tree.
    if (!(error instanceof HephError) || !['check.bad_definition', 'check.unknown_name'].includes(error.code))
      throw error;
    return unreadable(messageOf(error));
  }
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

async function trustedVariables({ trusted }: JudgeRequest): Promise<ReadonlySet<string> | null> {
  if (trusted === undefined) return null;
  if (trusted === null) return new Set();
  const { checks } = await definitionIn(async () => trusted);
  return new Set(checks.flatMap(({ env }: Check) => env));
}

function unreadable(message: string): Judgement {
  const nothing = { exitCode: null, signal: null, durationMs: 0, tests: null, checks: [], savedMs: 0 };
  return { ...nothing, status: 'failed', tail: message, source: 'checks.yaml' };
}

/** The engine's ports for one checkout, and what went through them that no outcome has. */
function witnessed(options: GateOptions, request: JudgeRequest) {
  const { repositoryId, checkout, cache: mode, commit, limits } = request;
  const ports = partsAt(
    { root: checkout, git: true, repositoryId },
    {
      ...options,
      folder: join(options.results, folderName(repositoryId)),
      readOnly: false,
      tailBytesMax: limits.outputBytesMax,
    },
  );
  const commands = new Map<string, CommandRun>();
  const tests = new Map<string, readonly TestOutcome[] | null>();
  const broken: Error[] = [];
  const parts: CheckParts = {
    ...ports,
    // Each checkout has an index of its own: no other would find what is remembered under it.
    inputs: { ...ports.inputs, remembered: async () => ({}), remember: async () => {} },
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
    runs: { ...ports.runs, list: async () => [] },
    head: async () => ({ commit, clean: true }),
  };
  return { parts, commands, tests, broken };
}
