import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where the pieces of this installation are: `.ts` beside each other in a clone, `dist/*.mjs` in the package. Programs are
 * started by the Node that runs this one, by its absolute path, so that no user's PATH changes.
 */
const here = dirname(fileURLToPath(import.meta.url));
const packed = extname(fileURLToPath(import.meta.url)) !== '.ts';

/** The folder that holds `phases/` and `demo/`. */
export const HOME = packed ? dirname(here) : dirname(dirname(here));
export const NODE = process.execPath;

export function programFile(name: 'cli' | 'holder' | 'log-writer' | 'mutator' | 'repair'): string {
  if (packed) return join(here, `${name}.mjs`);
  return name === 'repair' ? join(HOME, 'agents', 'repair', 'src', 'main.ts') : join(here, `${name}.ts`);
}

/** The words that start this CLI again. */
export function cliArgv(): string[] {
  return [NODE, programFile('cli')];
}

/** Where the built page is, or would be: `npm run build:web` makes it in a clone, the package brings it. */
export function pageFolder(): string {
  return packed ? join(here, 'web') : join(HOME, 'dist', 'web');
}

export function phasesFolder(): string {
  const folder = join(HOME, 'phases');
  return existsSync(folder) ? folder : join(here, 'phases');
}
