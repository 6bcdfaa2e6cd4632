import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

const TOOL_MS = 10_000;

/** The file that a program's name means on this PATH; null when there is none. */
export function findExecutable(name: string, env: Readonly<Record<string, string | undefined>>): string | null {
  const places = isAbsolute(name)
    ? [name]
    : (env.PATH ?? '')
        .split(delimiter)
        .filter((folder) => isAbsolute(folder))
        .map((folder) => join(folder, name));
  return places.find(isExecutable) ?? null;
}

/** What a program says of its version, its first line; null when it does not say. No shell is involved. */
export function versionOf(file: string, env: Readonly<Record<string, string | undefined>>): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { env: env as NodeJS.ProcessEnv, timeout: TOOL_MS, maxBuffer: 65_536 };
    const child = execFile(file, ['--version'], options, (error, stdout) =>
      resolve(error ? null : (stdout.trim().split('\n')[0] ?? null)),
    );
    child.stdin?.end();
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
