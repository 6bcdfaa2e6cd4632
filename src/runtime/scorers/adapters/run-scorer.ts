import { mkdtemp, open, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../../kernel/canonical.ts';
import { messageOf } from '../../../kernel/errors.ts';
import { rememberGroup } from '../../checks/adapters/orphans.ts';
import { checkOut } from '../../checks/adapters/run-check.ts';
import { commandEnvironment, runProcess } from '../../checks/adapters/run-process.ts';
import type { Runner } from '../../runner.ts';
import { kindOf, makeDirectory, readJson, removeContained, writeWhole } from '../../worktrees/adapters/files.ts';
import { checksOf, type Hands } from '../../worktrees/hands.ts';
import { commitId } from '../../worktrees/names.ts';
import { numberIn, type ScorerRequest, type ScorerResult } from '../scorer.ts';
import { SCORER_LOADER } from '../scorer-loader.ts';

/** More than this is no number. */
const ANSWER_BYTES_MAX = 1_024;
const TAIL_BYTES_MAX = 4_096;

/**
 * Lies beside the checks: its two checkouts, of the candidate and of the base, are swept like theirs, and a recorded key
 * is answered from `checks/results`.
 */
export function runScorer(hands: Hands): Runner['runScorer'] {
  const running = new Map<string, Promise<ScorerResult>>();
  return async (request) => {
    const key = sha256(`score ${request.key}`).slice(0, 40);
    const under = running.get(key) ?? findOrRun(hands, request, key).finally(() => running.delete(key));
    running.set(key, under);
    return under;
  };
}

async function findOrRun(hands: Hands, request: ScorerRequest, key: string): Promise<ScorerResult> {
  const results = join(checksOf(hands), 'results');
  await makeDirectory(results);
  const recorded = await readJson<ScorerResult>(join(results, `${key}.json`));
  if (recorded) return recorded;
  const result = await runFresh(hands, request, key);
  await writeWhole(hands, join(results, `${key}.json`), JSON.stringify(result));
  return result;
}

interface Place {
  /** The candidate's checkout, in which it runs. */
  directory: string;
  base: string;
  /** For what is said to it and by it. */
  scratch: string;
  group: string;
}

async function runFresh(hands: Hands, request: ScorerRequest, key: string): Promise<ScorerResult> {
  const { repositoryId, base, commit, copyIgnored } = request;
  const checks = checksOf(hands);
  const [directory, original] = [join(checks, key), join(checks, `${key}-base`)];
  const group = join(checks, `${key}.group.json`);
  for (const path of [directory, original]) await removeContained(hands, checks, path);
  const scratch = await mkdtemp(join(checks, 'score-'));
  try {
    const more = copyIgnored ? { copyIgnored } : {};
    await checkOut(hands, { repositoryId, commit: commitId(commit), ...more }, directory);
    await checkOut(hands, { repositoryId, commit: commitId(base), ...more }, original);
    return await ask(hands, request, { directory, base: original, scratch, group });
  } finally {
    for (const path of [directory, original]) await removeContained(hands, checks, path);
    await Promise.all([scratch, group].map((path) => rm(path, { recursive: true, force: true })));
  }
}

async function ask(hands: Hands, request: ScorerRequest, place: Place): Promise<ScorerResult> {
  const told = join(place.scratch, 'candidate.json');
  const candidate = { ...request.candidate, directory: place.directory, base: place.base };
  await writeFile(told, JSON.stringify(candidate), { mode: 0o600 });
  const answer = join(place.scratch, 'answer');
  const argv = await argvOf(request, place, { told, answer });
  if (argv === null) return unsaid(`${said(request)} is no file of the base commit.`);
  const printed: Buffer[] = [];
  let bytes = 0;
  try {
    const run = await runProcess({
      argv,
      cwd: place.directory,
      env: commandEnvironment(hands.environment, { HEPH_CANDIDATE: told, HEPH_BASE: place.base }),
      wallMs: request.wallMs,
      outputBytesMax: TAIL_BYTES_MAX,
      clock: hands.clock,
      onStart: (pid) => rememberGroup(hands, place.group, pid),
      onOutput(chunk, from) {
        if (from === 'stdout' && bytes <= ANSWER_BYTES_MAX) printed.push(chunk);
        if (from === 'stdout') bytes += chunk.length;
      },
    });
    const about = { tail: hands.redact(run.tail), durationMs: run.durationMs };
    if (run.timedOut) return { ...unsaid('It did not end in time.'), ...about };
    if (run.exitCode !== 0) return { ...unsaid(`It failed (exit ${run.exitCode ?? run.signal}).`), ...about };
    const text = 'module' in request.scorer ? await readAnswer(answer) : Buffer.concat(printed).toString('utf8');
    return { ...numberIn(bytes > ANSWER_BYTES_MAX && 'command' in request.scorer ? 'too much' : text), ...about };
  } catch (error) {
    return unsaid(`It could not be run: ${hands.redact(messageOf(error)).slice(0, 400)}`);
  }
}

/** Null when the module is not where it must be. */
async function argvOf(
  { scorer }: ScorerRequest,
  place: Place,
  files: { told: string; answer: string },
): Promise<string[] | null> {
  if ('command' in scorer) return scorer.command;
  const module = await fileWithin(place.base, scorer.module);
  if (module === null) return null;
  const loader = join(place.scratch, 'scorer.mjs');
  await writeFile(loader, SCORER_LOADER, { mode: 0o600 });
  return [process.execPath, loader, module, files.told, files.answer];
}

/** A plain file's real path, if it lies in the folder. */
async function fileWithin(folder: string, file: string): Promise<string | null> {
  if ((await kindOf(join(folder, file))) === 'absent') return null;
  const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, file))]).catch(() => ['', '']);
  return path.startsWith(`${root}/`) && (await kindOf(path)) === 'other' ? path : null;
}

/** The beginning of what it answered; more than a number is long enough to be none. */
async function readAnswer(path: string): Promise<string> {
  const file = await open(path).catch(() => null);
  if (!file) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(ANSWER_BYTES_MAX), 0, ANSWER_BYTES_MAX, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function unsaid(reason: string): ScorerResult {
  return { value: null, reason, tail: '', durationMs: 0 };
}

function said({ scorer }: ScorerRequest): string {
  return JSON.stringify('module' in scorer ? scorer.module : (scorer.command[0] ?? ''));
}
