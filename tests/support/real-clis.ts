import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** The coding agents that our presets start. None is a dependency: they are large, and some may not be passed on. */
export const REAL_CLIS = {
  codex: { package: '@openai/codex', version: '0.169.0' },
  claude: { package: '@anthropic-ai/claude-code', version: '2.1.328' },
  opencode: { package: 'opencode-ai', version: '1.18.33' },
} as const;
export type RealCli = keyof typeof REAL_CLIS;
export const REAL_CLI_NAMES = Object.keys(REAL_CLIS) as RealCli[];

export interface FoundCli {
  name: RealCli;
  /** The folder for the front of the PATH. */
  folder: string;
  /** As it tells it itself, e.g. `0.169.0`. */
  version: string;
  pinned: boolean;
}

/** Where `npm run clis` puts one: a folder per CLI and version, outside the clone. */
export function cacheOf(name: RealCli, env: NodeJS.ProcessEnv = process.env): string {
  const root = env.HEPH_CLIS || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'heph', 'clis');
  return join(root, `${name}-${REAL_CLIS[name].version}`);
}

/** The pinned one of the cache, else whichever the PATH holds; null when there is none that tells its version. */
export function findCli(name: RealCli, env: NodeJS.ProcessEnv = process.env): FoundCli | null {
  const places = [join(cacheOf(name, env), 'node_modules', '.bin'), ...(env.PATH ?? '').split(delimiter)];
  for (const folder of places.filter((place) => holds(place, name))) {
    const version = versionOf(join(folder, name), env);
    if (version) return { name, folder, version, pinned: version === REAL_CLIS[name].version };
  }
  return null;
}

/** One line on what there is to run, for people. */
export function tellClis(found: readonly (FoundCli | null)[]): string {
  return REAL_CLI_NAMES.map((name, n) => {
    const one = found[n];
    if (!one) return `${name} is not run`;
    return `${name} ${one.version}${one.pinned ? '' : ` (not the pinned ${REAL_CLIS[name].version})`}`;
  }).join(' · ');
}

function holds(folder: string, name: string): boolean {
  try {
    accessSync(join(folder, name), constants.X_OK);
    return folder !== '';
  } catch {
    return false;
  }
}

function versionOf(file: string, env: NodeJS.ProcessEnv): string | null {
  // Their starters are scripts for whichever `node` comes first.
  const path = [dirname(process.execPath), env.PATH].join(delimiter);
  const { stdout } = spawnSync(file, ['--version'], { env: { PATH: path, HOME: env.HOME }, encoding: 'utf8' });
  return /\d+\.\d+\.\d+\S*/.exec(stdout ?? '')?.[0] ?? null;
}
