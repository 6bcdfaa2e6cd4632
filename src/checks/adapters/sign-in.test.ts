import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signInOf } from './sign-in.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'heph-sign-in-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const lay = (path: string, text: string) => {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
};
const asked = (
  output: string,
  more: { env?: Record<string, string>; passEnv?: string[] } = {},
  env: Record<string, string> = {},
) => signInOf({ output, env: {}, passEnv: [], ...more }, env, home);

const FILES = [
  ['codex', '.codex/auth.json', '.codex/config.toml'],
  ['claude', '.claude/.credentials.json', '.claude/settings.json'],
  ['opencode', '.local/share/opencode/auth.json', '.config/opencode/opencode.json'],
] as const;

describe.each(FILES)('the sign-in of %s', (name, file, configuration) => {
  it('is the file that it keeps, whose content is not told', () => {
    lay(file, '{"token":"very-secret"}');
    expect(asked(name)).toEqual({ state: 'yes', how: join(home, file) });
  });

  it('is unknown when the file is broken, or when its configuration may do without', () => {
    lay(file, '{"token":');
    expect(asked(name)).toMatchObject({ state: 'unknown' });
    lay(file, '{}');
    lay(configuration, '');
    expect(asked(name)).toMatchObject({ state: 'unknown', why: expect.stringContaining(configuration) });
  });

  it.skipIf(process.platform === 'darwin')('is missing when there is nothing', () => {
    expect(asked(name)).toMatchObject({ state: 'no', next: expect.stringContaining(name) });
  });
});

it('is a key only where the agent gets to see it', () => {
  const key = { OPENAI_API_KEY: 'very-secret' };
  expect(asked('codex', { passEnv: ['OPENAI_API_KEY'] }, key)).toEqual({ state: 'yes', how: 'OPENAI_API_KEY' });
  expect(asked('codex', {}, key)).not.toMatchObject({ state: 'yes' });
  expect(asked('codex', { env: key })).toEqual({ state: 'yes', how: 'OPENAI_API_KEY' });
});

it('looks into the home that the agent is given', () => {
  lay('elsewhere/auth.json', '{"token":"x"}');
  const CODEX_HOME = join(home, 'elsewhere');
  expect(asked('codex', { passEnv: ['CODEX_HOME'] }, { CODEX_HOME })).toMatchObject({ state: 'yes' });
  expect(asked('codex', { env: { CODEX_HOME: '{agent_dir}/codex' } })).toMatchObject({ state: 'unknown' });
});

it('is nobody’s business for a program that is not known', () => {
  expect(asked('text')).toBeNull();
  expect(asked('toString')).toBeNull();
});
