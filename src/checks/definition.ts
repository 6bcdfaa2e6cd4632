/** One check as everything behind the parser sees it: every default filled, every time in milliseconds. */
export interface Check {
  name: string;
  /** The words of a command, run without a shell. Null for a built-in. */
  run: readonly string[] | null;
  builtin: BuiltInName | null;
  /** What a built-in is told: `port` for `port_free`. */
  with: Readonly<Record<string, string | number | boolean>>;
  /** Globs over the repository's files; a later `!glob` takes away again. A path without a wildcard counts even where git ignores it. */
  files: readonly string[];
  /** Names of variables that the command gets and whose values count. */
  env: readonly string[];
  /** Programs whose versions count, beside the one that the command begins with. */
  tools: readonly string[];
  needs: readonly string[];
  /** Null: everywhere. Else names of `process.platform`. */
  platform: readonly string[] | null;
  timeLimitMs: number;
  /** How often a failure is run again before it is believed. */
  repeats: number;
  tags: readonly string[];
  /** The words of a command that may mend it. A built-in knows its own. */
  fix: readonly string[] | null;
  /** For how long a result may be used again; null where the inputs alone can tell, 0 for never. */
  cacheForMs: number | null;
  /** A failure is a warning: counted, and no reason for a non-zero exit code. */
  warn: boolean;
  /** Where the command leaves a JUnit report, relative to the repository. */
  junit: string | null;
}

export const BUILT_INS = [
  'runtime',
  'lockfile',
  'dependencies',
  'disk_space',
  'git_state',
  'port_free',
  'agents',
] as const;
export type BuiltInName = (typeof BUILT_INS)[number];

export interface CheckDefinition {
  checks: readonly Check[];
  /** How many run at a time; null: one per core. */
  jobs: number | null;
  /** Told of each run that is over. */
  webhook: string | null;
  /** `checks.yaml`, or what the checks were detected from. */
  source: string;
  /** Why each check is there, by its name, where it was detected. */
  reasons: Readonly<Record<string, string>>;
}

/** The tag of what must hold before anybody works in a tree. */
export const ENVIRONMENT = 'environment';
/** Built-ins that are about that, whether they are tagged or not. */
const ABOUT_THE_ENVIRONMENT: readonly BuiltInName[] = ['runtime', 'lockfile', 'dependencies', 'disk_space'];

/** Where a repository says what its checks are. */
export const DEFINITION_FILE = 'checks.yaml';
export const TIME_LIMIT_MS = 10 * 60_000;

/** A check with a name and what it is; whatever else is not given is as in a file that does not say it. */
export function checkOf(given: Pick<Check, 'name'> & Partial<Check>): Check {
  const { builtin = null, tags = [] } = given;
  const about = builtin !== null && ABOUT_THE_ENVIRONMENT.includes(builtin) && !tags.includes(ENVIRONMENT);
  return {
    run: null,
    builtin: null,
    with: {},
    files: ['**'],
    env: [],
    tools: [],
    needs: [],
    platform: null,
    timeLimitMs: TIME_LIMIT_MS,
    repeats: 0,
    tags: [],
    fix: null,
    cacheForMs: null,
    warn: false,
    junit: null,
    ...given,
    ...(about && { tags: [...tags, ENVIRONMENT] }),
  };
}
