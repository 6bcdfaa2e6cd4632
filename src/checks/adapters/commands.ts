import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../kernel/clock.ts';
import { Fault, messageOf } from '../../kernel/errors.ts';
import type { Random } from '../../kernel/random.ts';
import type { Redactor } from '../../kernel/redact.ts';
import { rememberGroup } from '../../runtime/checks/adapters/orphans.ts';
import { layReporter, scriptsOf } from '../../runtime/checks/adapters/test-reporter.ts';
import { commandEnvironment, runProcess } from '../../runtime/checks/adapters/run-process.ts';
import { instrument, type ResultFiles } from '../../runtime/checks/instrument.ts';
import { nodeOutcomes, vitestOutcomes } from '../../runtime/checks/test-outcomes.ts';
import type { TestOutcome } from '../../runtime/runner.ts';
import type { Check } from '../definition.ts';
import { junitOutcomes } from '../junit.ts';
import type { Commands } from '../ports.ts';
import { codeOf, makeFolder } from './folder.ts';
import { groupFile } from './result-cache.ts';

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const REPORT_BYTES_MAX = 32 * 1024 * 1024;

interface Options {
  /** The work tree, where commands run. */
  root: string;
  /** Where outputs and scratch files of this repository lie. */
  folder: string;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  random: Random;
  redactor: Redactor;
  /** How much of the end of an output is answered with its result. */
  tailBytesMax: number;
}

/**
 * Runs checks without a shell, each in a process group of its own that is gone when it is over. A command gets the usual
 * few variables and those that its check names: what it could read besides would not be in the key of its result.
 */
export function processCommands(options: Options): Commands {
  const { root, folder, clock, random, redactor } = options;
  return {
    async run(check, words, runId, signal) {
      // A killed run leaves its scratch files among the outputs, which go in their turn.
      const outputs = join(folder, 'outputs', runId);
      await makeFolder(outputs);
      const scratch = await mkdtemp(join(outputs, '.scratch-'));
      const output = join(outputs, `${fileName(check.name)}.log`);
      const log = await openOutput(output, redactor);
      const group = groupFile(folder, root, check.name);
      await makeFolder(dirname(group)); // a fix runs without a claim
      const startedAt = clock.now();
      try {
        const files = await layReporter(scratch);
        const { argv, env } = instrument(words, await scriptsOf(root), files);
        const result = await runProcess({
          argv,
          cwd: root,
          env: commandEnvironment(options.env, { ...namedVariables(check, options.env), ...env }),
          wallMs: check.timeLimitMs,
          outputBytesMax: options.tailBytesMax,
          clock,
          signal,
          onOutput: log.write,
          onStart: (pid) => rememberGroup({ random }, group, pid),
        }).catch((error: unknown) => {
          throw notRunnable(words, error);
        });
        const tests = await readOutcomes(files, check, root, startedAt);
        return {
          ...result,
          tail: redactor.redactText(result.tail),
          tests: tests && tests.map((test) => redactor.redactJson(test)),
          output,
        };
      } finally {
        await log.close();
        await Promise.all([scratch, group].map((path) => rm(path, { recursive: true, force: true })));
      }
    },
  };
}

function namedVariables({ env }: Check, user: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(env.flatMap((name) => (user[name] === undefined ? [] : [[name, user[name]]])));
}

/** The whole output, redacted as it comes, up to a limit. It is a help and never the reason for a failure. */
async function openOutput(path: string, redactor: Redactor) {
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  file.on('error', () => {});
  const stream = redactor.createStreamRedactor();
  const decoder = new StringDecoder('utf8');
  let left = OUTPUT_BYTES_MAX;
  return {
    write(chunk: Buffer) {
      if (left <= 0) return;
      left -= chunk.length;
      file.write(stream.push(decoder.write(chunk)));
      if (left <= 0) file.write('\n… the rest is left out\n');
    },
    close: () => new Promise<void>((resolve) => file.end(stream.flush(), () => resolve())),
  };
}

async function readOutcomes(
  files: ResultFiles,
  { junit }: Check,
  root: string,
  since: number,
): Promise<TestOutcome[] | null> {
  const [node, vitest, report] = await Promise.all([
    readReport(files.nodeResults, 0),
    readReport(files.vitestResults, 0),
    junit === null ? null : readReport(join(root, junit), since),
  ]);
  const parts = [
    node && nodeOutcomes(node, root),
    vitest && vitestOutcomes(vitest, root),
    report && junitOutcomes(report),
  ];
  const known = parts.filter((part) => Array.isArray(part));
  return known.length > 0 ? known.flat() : null;
}

/** Null for a file that is not there, is too large, or was written before this run began. */
async function readReport(path: string, since: number): Promise<string | null> {
  try {
    const { size, mtimeMs } = await stat(path);
    return size > REPORT_BYTES_MAX || mtimeMs < Math.floor(since / 1000) * 1000 ? null : await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** A check's name may hold a colon; nothing in it leads out of a folder. */
function fileName(check: string): string {
  return check.replace(/[^\w.-]/g, '_');
}

function notRunnable(words: readonly string[], error: unknown): Fault {
  const why = `${words.join(' ')} cannot be run: ${messageOf(error)}`;
  return new Fault('check.failed_to_run', why, { retryable: false, cause: error });
}
