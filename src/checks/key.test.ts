import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Check, checkOf } from './definition.ts';
import { readInputs } from './key.ts';
import type { FileEntry, Inputs } from './ports.ts';

/** Everything that a key is made of, as plain values. */
interface World {
  check: Check;
  files: FileEntry[];
  env: Record<string, string>;
  tools: Record<string, string>;
  platform: { name: string; arch: string };
  needs: Record<string, string>;
}

const word = fc.stringMatching(/^[a-z]{1,4}$/);
const table = fc.dictionary(word, word, { maxKeys: 4, noNullPrototype: true });
const world: fc.Arbitrary<World> = fc.record({
  check: fc
    .record({
      run: fc.array(word, { minLength: 1, maxLength: 3 }),
      env: fc.uniqueArray(word, { maxLength: 3 }),
      tools: fc.uniqueArray(word, { maxLength: 2 }),
    })
    .map((given) => checkOf({ name: 'test', ...given })),
  files: fc.uniqueArray(fc.record({ path: fc.tuple(word, word).map((parts) => parts.join('/')), id: word }), {
    selector: ({ path }) => path,
    maxLength: 6,
  }),
  env: table,
  tools: table,
  platform: fc.record({ name: word, arch: word }),
  needs: table,
});

function keyIn({ check, files, env, tools, platform, needs }: World, unknown: string[] = []): Promise<string | null> {
  const kept = new Map<string, Readonly<Record<string, string>>>();
  const inputs: Inputs = {
    list: async () => ({ identity: 'tree', files: async () => files, unknown, loose: [] }),
    remembered: async (identity) => kept.get(identity) ?? {},
    remember: async (identity, hashes) => void kept.set(identity, hashes),
    toolVersion: async (name) => tools[name] ?? null,
    variable: (name) => env[name],
    platform,
  };
  return readInputs(inputs, [check], {}).then(async (keyOf) => {
    const key = await keyOf(check, needs, true);
    // What was remembered gives the same.
    expect(await (await readInputs(inputs, [check], {}))(check, needs, true)).toBe(key);
    return key;
  });
}

it('is the same for the same inputs, whatever else differs', async () => {
  await fc.assert(
    fc.asyncProperty(world, word, async (given, other) => {
      const same = structuredClone(given);
      const check = {
        ...same.check,
        tags: [other],
        timeLimitMs: 1,
        repeats: 9,
        fix: [other],
        cacheForMs: 5,
        needs: [other],
      };
      const more = {
        ...same,
        check,
        env: { ...same.env, [`${other}-unnamed`]: other },
        tools: { ...same.tools, [`${other}-unnamed`]: other },
      };
      expect(await keyIn(more)).toBe(await keyIn(given));
    }),
  );
});

const CHANGES: Record<string, (given: World) => World | null> = {
  'another content': (given) =>
    given.files[0]
      ? { ...given, files: [{ ...given.files[0], id: `${given.files[0].id}x` }, ...given.files.slice(1)] }
      : null,
  'another path': (given) =>
    given.files[0]
      ? { ...given, files: [{ ...given.files[0], path: `${given.files[0].path}x` }, ...given.files.slice(1)] }
      : null,
  'a new file': (given) => ({ ...given, files: [...given.files, { path: 'new', id: 'x' }] }),
  'a file gone': (given) => (given.files.length > 0 ? { ...given, files: given.files.slice(1) } : null),
  'another value': (given) =>
    given.check.env[0] ? { ...given, env: { ...given.env, [given.check.env[0]]: 'another value' } } : null,
  'an empty value for none': (given) =>
    given.check.env[0]
      ? {
          ...given,
          env: { ...given.env, [given.check.env[0]]: given.env[given.check.env[0]] === undefined ? '' : 'x y' },
        }
      : null,
  'another program': (given) => ({
    ...given,
    tools: { ...given.tools, [given.check.run?.[0] as string]: 'version 2' },
  }),
  'another tool': (given) =>
    given.check.tools[0] ? { ...given, tools: { ...given.tools, [given.check.tools[0]]: 'version 3' } } : null,
  'another platform': (given) => ({ ...given, platform: { ...given.platform, name: `${given.platform.name}x` } }),
  'another result of a need': (given) => ({ ...given, needs: { ...given.needs, build: 'another key' } }),
  'another word': (given) => ({ ...given, check: { ...given.check, run: [...(given.check.run ?? []), 'more'] } }),
  'words cut elsewhere': (given) => ({ ...given, check: { ...given.check, run: [`${given.check.run?.join(' ')} `] } }),
};

it.each(Object.entries(CHANGES))('is another one after %s', async (_name, change) => {
  await fc.assert(
    fc.asyncProperty(world, async (given) => {
      const changed = change(given);
      fc.pre(changed !== null);
      expect(await keyIn(changed as World)).not.toBe(await keyIn(given));
    }),
  );
});

it('does not depend on what the globs leave out, and cannot be told for what has no id', async () => {
  const given: World = {
    check: checkOf({ name: 'lint', run: ['lint'], files: ['src/**'] }),
    files: [{ path: 'src/a', id: '1' }],
    env: {},
    tools: {},
    platform: { name: 'linux', arch: 'x64' },
    needs: {},
  };
  const more = { ...given, files: [...given.files, { path: 'docs/b', id: '2' }] };
  expect(await keyIn(more, ['vendor/submodule'])).toBe(await keyIn(given));
  expect(await keyIn(given, ['src/submodule'])).toBeNull();
});

it('holds no value in clear', async () => {
  const given: World = {
    check: checkOf({ name: 'test', run: ['t'], env: ['TOKEN'] }),
    files: [],
    env: { TOKEN: 'very-secret' },
    tools: {},
    platform: { name: 'linux', arch: 'x64' },
    needs: {},
  };
  expect(await keyIn(given)).toMatch(/^[0-9a-f]{64}$/);
});
