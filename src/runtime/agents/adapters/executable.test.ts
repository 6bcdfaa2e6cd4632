import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExecutable, realFolder } from './executable.ts';
import { socketPathFor } from './socket-path.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'executable-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'tool'), '#!/bin/sh\n');
  chmodSync(join(folder, 'bin', 'tool'), 0o755);
  writeFileSync(join(folder, 'bin', 'data'), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('an agent’s program', () => {
  it('is found on the PATH, or from the worktree when it has a slash', () => {
    expect(findExecutable('tool', `/nowhere:${folder}/bin`, '/')).toBe(join(folder, 'bin', 'tool'));
    expect(findExecutable('./bin/tool', '', folder)).toBe(join(folder, 'bin', 'tool'));
  });

  it.each(['absent', 'data', '', './bin/data', './bin'])('is not %o', (word) => {
    expect(() => findExecutable(word, `${folder}/bin`, folder)).toThrow(
      expect.objectContaining({ code: 'agent.not_found_executable', retryable: false }),
    );
  });

  it('is never looked for in the worktree by a relative PATH', () => {
    expect(() => findExecutable('tool', 'bin::.', folder)).toThrow(
      expect.objectContaining({ code: 'agent.not_found_executable' }),
    );
  });
});

it('refuses a worktree that is not there or is a file', () => {
  for (const path of [join(folder, 'absent'), join(folder, 'bin', 'data')])
    expect(() => realFolder(path)).toThrow(expect.objectContaining({ code: 'terminal.failed', retryable: false }));
});

it('puts a socket into the folder where it fits, else under a short folder of the user’s own', async () => {
  expect(await socketPathFor(folder)).toBe(join(folder, 'sock'));
  const short = await socketPathFor(join(folder, 'x'.repeat(200)));
  expect(Buffer.byteLength(short)).toBeLessThan(104);
  expect(await socketPathFor(join(folder, 'y'.repeat(200)))).not.toBe(short);
});
