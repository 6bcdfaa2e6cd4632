import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import { createRedactor, type Redactor } from '../../kernel/redact.ts';
import { ASSIGNED_NAME } from '../../kernel/redact-patterns.ts';
import type { OpenedChecks, Place } from '../opened.ts';
import type { AgentFound, CheckParts } from '../ports.ts';
import { createBuiltIns } from './built-ins.ts';
import { processCommands } from './commands.ts';
import { loadDefinition } from './definition-file.ts';
import { headOf, listWithGit } from './git-listing.ts';
import { createFixes } from './fixes.ts';
import { findPlace } from './place.ts';
import { createProbes } from './probes.ts';
import { createRemembered } from './remembered.ts';
import { fileResultCache } from './result-cache.ts';
import { fileRunStore } from './run-store.ts';
import { createTools } from './tools.ts';
import { listByWalking } from './walk-listing.ts';
import { tellWebhook } from './webhook.ts';

const TAIL_BYTES_MAX = 16 * 1024;

/** What the engine's ports are filled with, wherever the tree is. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  clock: Clock;
  random: Random;
  agents(): Promise<readonly AgentFound[]>;
}

export interface OpenOptions extends Surroundings {
  /** Anywhere in the tree that is checked. */
  folder: string;
  /** The folder of all repositories' results: one below it is this repository's, whichever worktree asks. */
  results: string;
  /** The same of the gates, whose results are believed here; the gates believe none of these. */
  gates: string;
  /** Nothing at all is written. */
  readOnly: boolean;
}

/** Finds the work tree and fills the engine's ports for it. Makes nothing until something is to be kept. */
export function openChecks(options: OpenOptions): OpenedChecks {
  const { env, clock, readOnly } = options;
  const place = findPlace(options.folder);
  const folder = join(options.results, place.repositoryId);
  const redactor = createRedactor({ values: secretsIn(env) });
  const gates = join(options.gates, place.repositoryId);
  const own = partsAt(place, { ...options, folder, redactor, tailBytesMax: TAIL_BYTES_MAX });
  const judged = fileResultCache({ folder: gates, root: place.root, clock, readOnly: true });
  const read = async (key: string) => (await own.cache.read(key)) ?? judged.read(key);
  const parts = { ...own, cache: { ...own.cache, read } };
  const kept = readOnly ? null : join(folder, 'definitions');
  const { root } = place;
  const fixes = createFixes({ folder: join(folder, 'fixes'), root, list: () => parts.inputs.list([]), now: clock.now });
  return {
    ...{ place, parts, fixes, tellWebhook },
    definition: () => loadDefinition(root, kept),
    judgedRuns: () => fileRunStore(gates).list(),
  };
}

/** The engine's ports for one work tree; `folder` is where its repository's results are. */
export function partsAt(
  place: Place,
  options: Surroundings & { folder: string; readOnly: boolean; redactor: Redactor; tailBytesMax: number },
): CheckParts {
  const { folder, env, clock, random, readOnly, redactor, tailBytesMax } = options;
  const { root } = place;
  const versionOf = createTools(join(folder, 'tools.json'), env, readOnly);
  const probes = createProbes((name) => versionOf(name, true));
  return {
    inputs: {
      list: (literals) => (place.git ? listWithGit(root, literals) : listByWalking(root, literals)),
      ...createRemembered(join(folder, 'trees.json'), readOnly),
      toolVersion: versionOf,
      variable: (name) => env[name],
      platform: { name: process.platform, arch: process.arch },
    },
    cache: fileResultCache({ folder, root, clock, readOnly }),
    runs: fileRunStore(folder),
    commands: processCommands({ root, folder, env, clock, random, redactor, tailBytesMax }),
    builtIns: createBuiltIns({ place, probes, agents: options.agents }),
    head: async () => (place.git ? headOf(root) : null),
    redact: redactor.redactText,
    clock,
    cores: availableParallelism(),
  };
}

/** Values of variables whose names say that they are secret. */
function secretsIn(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value && ASSIGNED_NAME.test(name) ? [value] : []));
}
