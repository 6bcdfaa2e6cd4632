import { execFile } from 'node:child_process';
import { realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { findExecutable } from '../../runtime/agents/adapters/executable.ts';
import { commandEnvironment } from '../../runtime/checks/adapters/run-process.ts';
import { placeFile } from './folder.ts';

const TOOL_MS = 20_000;
const KEPT_MAX = 500;
const QUESTIONS: Readonly<Record<string, readonly string[]>> = { go: ['version'], java: ['-version'] };

/** The file that a program's name means on a PATH; null when there is none. */
export function findProgram(name: string, path: string | undefined): string | null {
  try {
    return findExecutable(name, path, '/');
  } catch {
    return null; // it throws for nothing else
  }
}

/**
 * What programs say of their versions. The answer is kept under the program's real path, size and time, so that a program is
 * asked once; one that says nothing is known by these. `file` null, or `readOnly`: nothing is kept.
 */
export function createTools(file: string | null, env: NodeJS.ProcessEnv, readOnly = false) {
  let known: Promise<Record<string, string>> | null = null;
  const asked = new Map<string, Promise<string>>();

  return async function versionOf(name: string, ask: boolean): Promise<string | null> {
    const program = findProgram(name, env.PATH);
    if (program === null) return null;
    const real = realpathSync(program);
    const { size, mtimeMs } = statSync(real);
    const identity = `${real} ${size} ${mtimeMs}`;
    known ??= readKnown(file);
    const kept = (await known)[identity];
    if (kept !== undefined || !ask) return kept ?? null;
    const answer = asked.get(identity) ?? askVersion(program, QUESTIONS[name] ?? ['--version'], env);
    asked.set(identity, answer);
    const version = (await answer) || identity;
    const all = await known;
    all[identity] = version;
    if (file && !readOnly)
      await placeFile(file, JSON.stringify(Object.fromEntries(Object.entries(all).slice(-KEPT_MAX))));
    return version;
  };
}

async function readKnown(file: string | null): Promise<Record<string, string>> {
  try {
    return file ? (JSON.parse(await readFile(file, 'utf8')) as Record<string, string>) : {};
  } catch {
    return {}; // absent or damaged: the programs are asked again
  }
}

/** Empty when it does not say. */
export function askVersion(
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  return new Promise((resolve) => {
    const options = { env: commandEnvironment(env), timeout: TOOL_MS, maxBuffer: 65_536 };
    const child = execFile(program, [...words], options, (error, stdout, stderr) =>
      resolve(error ? '' : ((stdout.trim() || stderr.trim()).split('\n')[0] ?? '')),
    );
    child.stdin?.end();
  });
}
