import { hash } from 'node:crypto';
import { hashOf, sha256 } from '../kernel/canonical.ts';
import { createMatcher, isLiteral } from '../kernel/glob.ts';
import type { Check } from './definition.ts';
import type { BuiltIn, Inputs, Listing } from './ports.ts';

/** Raised when what a key is made of changes its meaning, so that no old result is taken for a new one. */
const KEY_VERSION = 1;

/** What a check's key is made of. */
export interface KeyMaterial {
  check: Check;
  /** The hash of the files' paths and ids. */
  files: string;
  /** By name; null where the variable is not set. Values only as hashes. */
  env: Readonly<Record<string, string | null>>;
  tools: Readonly<Record<string, string | null>>;
  platform: { name: string; arch: string };
  /** Of each check that it needs, the key and how it ended. */
  needs: Readonly<Record<string, string>>;
}

/** The key of a check's result. What changes only how it is run (limits, tags, repeats, the fix) is no part of it. */
export function keyOf({ check, files, env, tools, platform, needs }: KeyMaterial): string {
  const { name, run, builtin, with: told, warn, junit } = check;
  return hashOf({ v: KEY_VERSION, name, run, builtin, told, warn, junit, files, env, tools, platform, needs });
}

/** The hash of those files of a listing that the globs mean; null when one of them cannot be told. */
export async function filesHash(listing: Listing, globs: readonly string[]): Promise<string | null> {
  const fits = createMatcher(globs);
  if (listing.unknown.some(fits)) return null;
  const lines: string[] = [];
  for (const { path, id } of await listing.files()) if (fits(path)) lines.push(id, path);
  // No path holds a NUL, and ids have none: the lines can be told apart.
  return hash('sha256', lines.join('\0'), 'hex');
}

/** Answers what each check depends on, from one look at the tree; equal lists of globs are hashed once. */
export async function readInputs(
  inputs: Inputs,
  checks: readonly Check[],
  builtIns: Readonly<Record<string, BuiltIn>>,
) {
  // What a check leaves behind does not come before it.
  const globsOf = (check: Check) => [
    ...check.files,
    ...(check.builtin ? (builtIns[check.builtin]?.files ?? []) : []),
    ...(check.junit === null ? [] : [`!${check.junit}`]),
  ];
  const literals = [...new Set(checks.flatMap(globsOf).filter(isLiteral))];
  const hashes = await hashFiles(inputs, await inputs.list(literals), checks.map(globsOf));

  /** Null when the inputs cannot be told. `ask`: whether programs may be started to tell their versions. */
  return async (check: Check, needs: Readonly<Record<string, string>>, ask: boolean): Promise<string | null> => {
    const files = hashes.get(nameOf(globsOf(check))) ?? null;
    if (files === null) return null;
    const asked = toolsOf(check, builtIns).map(async (name) => [name, await inputs.toolVersion(name, ask)] as const);
    const tools = Object.fromEntries(await Promise.all(asked));
    const env = Object.fromEntries(check.env.map((name) => [name, hashed(inputs.variable(name))]));
    return keyOf({ check, files, env, tools, platform: inputs.platform, needs });
  };
}

/** The hash for each list of globs. What was hashed before on the same tree is remembered, so that the tree need not be listed. */
async function hashFiles(
  inputs: Inputs,
  listing: Listing,
  lists: readonly (readonly string[])[],
): Promise<Map<string, string | null>> {
  const known = listing.identity === null ? {} : await inputs.remembered(listing.identity);
  const hashes = new Map<string, string | null>();
  for (const globs of lists) {
    const name = nameOf(globs);
    if (!hashes.has(name)) hashes.set(name, known[name] ?? (await filesHash(listing, globs)));
  }
  const told = [...hashes].filter((entry): entry is [string, string] => entry[1] !== null);
  // Read after the files: null by now if they changed meanwhile.
  const { identity } = listing;
  if (identity !== null && told.some(([name]) => known[name] === undefined))
    await inputs.remember(identity, { ...known, ...Object.fromEntries(told) });
  return hashes;
}

function nameOf(globs: readonly string[]): string {
  return sha256(globs.join('\0'));
}

/** A program that lies in the repository is one of its files. */
function toolsOf({ run, builtin, tools }: Check, builtIns: Readonly<Record<string, BuiltIn>>): string[] {
  const program = run?.[0] ?? '';
  const own = builtin ? (builtIns[builtin]?.tools ?? []) : program.includes('/') ? [] : [program];
  const below = /^(npm|npx|pnpm|yarn)$/.test(program) ? ['node'] : [];
  return [...new Set([...own, ...below, ...tools])];
}

function hashed(value: string | undefined): string | null {
  return value === undefined ? null : sha256(`heph env ${value}`);
}
