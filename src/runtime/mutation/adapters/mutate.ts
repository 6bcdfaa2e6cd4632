import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSuite, type Suite, UnreadableCheck } from '../../../../agents/repair/src/suite/suite.ts';
import { sha256 } from '../../../kernel/canonical.ts';
import { Fault, messageOf } from '../../../kernel/errors.ts';
import { plainLine } from '../../../kernel/plain-text.ts';
import { splitWords } from '../../../kernel/words.ts';
import { checkOut } from '../../checks/adapters/run-check.ts';
import { graphNames } from '../../checks/graph-command.ts';
import { kindOf, makeDirectory, readJson, removeContained, writeWhole } from '../../worktrees/adapters/files.ts';
import { checksOf, type Hands, mirrorOf } from '../../worktrees/hands.ts';
import { type MutationRequest, type MutationResult, NOTHING_TO_MUTATE } from '../mutation.ts';
import { commandTester } from './command-tester.ts';
import { measure, NO_TIME } from './measure.ts';
import { planMutants } from './plan.ts';
import { type Change, readChange } from './read-change.ts';
import { suiteTester } from './suite-tester.ts';
import type { Tester } from './tester.ts';

const SOURCE_CHARS_MAX = 400;
const UNMEASURED_NAMED_MAX = 20;

type MeasuringHands = Hands & { mutator: string };

/**
 * Lies beside the checks: its checkout is swept like theirs, and a recorded key is answered from `checks/results`.
 * `mutator` is the program of the thread that parses.
 */
export function mutate(hands: Hands, mutator: string): (request: MutationRequest) => Promise<MutationResult> {
  const running = new Map<string, Promise<MutationResult>>();
  const measuring: MeasuringHands = { ...hands, mutator };
  return async (request) => {
    splitWords(request.command);
    const key = sha256(`mutate ${request.key}`).slice(0, 40);
    const under = running.get(key) ?? findOrMeasure(measuring, request, key).finally(() => running.delete(key));
    running.set(key, under);
    return under;
  };
}

async function findOrMeasure(hands: MeasuringHands, request: MutationRequest, key: string): Promise<MutationResult> {
  const results = join(checksOf(hands), 'results');
  await makeDirectory(results);
  const recorded = await readJson<MutationResult>(join(results, `${key}.json`));
  if (recorded) return recorded;
  const startedAt = hands.clock.monotonicMs();
  const { unmeasured, ...measured } = await measureFresh(hands, request, key);
  const result = presentable(hands, {
    ...measured,
    unmeasured: unmeasured.slice(0, UNMEASURED_NAMED_MAX),
    millis: Math.round(hands.clock.monotonicMs() - startedAt),
  });
  await writeWhole(hands, join(results, `${key}.json`), JSON.stringify(result));
  return result;
}

type Fresh = Awaited<ReturnType<typeof measure>> & { unmeasured: string[] };

async function measureFresh(hands: MeasuringHands, request: MutationRequest, key: string): Promise<Fresh> {
  if ((await kindOf(mirrorOf(hands, request.repositoryId))) === 'absent')
    throw new Fault('check.failed_to_run', `There is no mirror of ${request.repositoryId}.`, { retryable: false });
  if (graphNames(request.command) !== null)
    return { measured: false, reason: 'the checks have no command of their own that runs all tests', unmeasured: [] };
  const change = await readChange(hands, request);
  if (change.files.length === 0) return nothingToMutate(change.unmeasured);
  const checks = checksOf(hands);
  const checkout = join(checks, key);
  const group = join(checks, `${key}.group.json`);
  await removeContained(hands, checks, checkout);
  const scratch = await mkdtemp(join(checks, 'mutate-'));
  try {
    await checkOut(hands, request, checkout);
    return await measureIn(hands, request, change, { checkout, scratch, group }).catch((error: unknown) => {
      const why = `The check ${JSON.stringify(request.command)} cannot be run: ${messageOf(error)}`;
      throw new Fault('check.failed_to_run', why, { retryable: false, cause: error });
    });
  } finally {
    await removeContained(hands, checks, checkout);
    await Promise.all([scratch, group].map((path) => rm(path, { recursive: true, force: true })));
  }
}

interface Place {
  checkout: string;
  scratch: string;
  group: string;
}

async function measureIn(
  hands: MeasuringHands,
  request: MutationRequest,
  change: Change,
  place: Place,
): Promise<Fresh> {
  const { seed, budgetMs } = request;
  const deadlineMs = hands.clock.monotonicMs() + budgetMs;
  const plan = await planMutants(hands, place.checkout, change, { seed, deadlineMs });
  if (hands.clock.monotonicMs() >= deadlineMs) return { measured: false, reason: NO_TIME, unmeasured: plan.unmeasured };
  if (plan.mutants.length === 0) return nothingToMutate(plan.unmeasured);
  const tester = testerOf(hands, request, place, new Set(plan.texts.keys()));
  const measured = await measure(hands, { ...plan, checkout: place.checkout }, tester, deadlineMs);
  return { ...measured, unmeasured: plan.unmeasured };
}

function testerOf(hands: Hands, request: MutationRequest, place: Place, files: ReadonlySet<string>): Tester {
  const suite = suiteOf(request.command, place.checkout);
  if (suite) return suiteTester(hands, suite, { ...place, files }, request.baseline);
  return commandTester(hands, splitWords(request.command), place.checkout, place.group);
}

function suiteOf(command: string, checkout: string): Suite | null {
  try {
    return readSuite(command, checkout);
  } catch (error) {
    if (error instanceof UnreadableCheck) return null;
    throw error;
  }
}

function nothingToMutate(unmeasured: string[]): Fresh {
  const reason =
    unmeasured.length > 0
      ? `no mutant could be made of ${unmeasured
          .slice(0, 3)
          .map((file) => plainLine(file, 200))
          .join(', ')}`
      : NOTHING_TO_MUTATE;
  return { measured: false, reason, unmeasured };
}

/** Source and output are the repository's: secrets are taken out, and what is long is cut. */
function presentable(hands: Hands, result: MutationResult): MutationResult {
  const cut = (text: string) => {
    const safe = hands.redact(text);
    return safe.length <= SOURCE_CHARS_MAX ? safe : `${safe.slice(0, SOURCE_CHARS_MAX - 1)}…`;
  };
  if (!result.measured) return { ...result, reason: plainLine(result.reason, SOURCE_CHARS_MAX) };
  const survived = result.survived.map((one) => ({
    ...one,
    original: cut(one.original),
    replacement: cut(one.replacement),
  }));
  return { ...result, survived };
}
