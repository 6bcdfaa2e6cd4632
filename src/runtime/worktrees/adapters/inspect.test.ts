import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitAll, git, openHands, scratch, userRepository, write } from './test-support.ts';

const failsWith = (code: string) => expect.objectContaining({ code });

describe('inspectRepository', () => {
  it('tells the root, the checked-out branch, its commit and npm test', async () => {
    const { path, commit } = userRepository({ 'package.json': '{"scripts":{"test":"node --test"}}', 'src/x.js': '' });
    const seen = await openHands().hands.inspectRepository({ path: join(path, 'src') });
    expect(seen).toEqual({
      repositoryId: expect.stringMatching(/^rep_[0-9a-z]{26}$/),
      path,
      baseBranch: 'main',
      baseCommit: commit,
      dirty: false,
      detectedCheck: 'npm test',
      checks: ['runtime', 'test'],
      testCommand: 'npm run test',
    });
    const again = await openHands().hands.inspectRepository({ path, branch: 'main' });
    expect(again.repositoryId).toBe(seen.repositoryId);
  });

  it.each([
    ['npm’s placeholder', '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}'],
    ['no scripts', '{}'],
    ['no JSON', '{'],
    ['null', 'null'],
  ])('detects no check for %s', async (_what, text) => {
    const { path } = userRepository({ 'package.json': text });
    expect((await openHands().hands.inspectRepository({ path })).detectedCheck).toBeNull();
  });

  it.each([
    [
      'its checks.yaml',
      { 'checks.yaml': 'checks: { a: { run: x }, b: { run: node --test, tags: [tests] } }' },
      'node --test',
      ['a', 'b'],
    ],
    [
      'several tests in there',
      { 'checks.yaml': 'checks: { a: { run: x, tags: [tests] }, b: { run: y, tags: [tests] } }' },
      null,
      ['a', 'b'],
    ],
    ['what is detected', { 'go.mod': 'module x' }, 'go test ./...', ['go-vet', 'go-test']],
  ])('says that a graph judges by %s', async (_what, files, testCommand, checks) => {
    const { path } = userRepository(files);
    const seen = await openHands().hands.inspectRepository({ path });
    expect(seen).toMatchObject({ detectedCheck: 'heph check', testCommand, checks });
  });

  it('tells what is wrong with a checks.yaml, and looks at the commit and not at the files', async () => {
    const { path } = userRepository({ 'checks.yaml': 'checks: { a: { runs: x } }' });
    write(path, { 'checks.yaml': 'checks: { a: { run: x } }' });
    const seen = await openHands().hands.inspectRepository({ path, fromHead: true });
    expect(seen.badDefinition).toContain('checks.yaml:1');
  });

  it('refuses what is no repository', async () => {
    const { hands } = openHands();
    const plain = scratch();
    writeFileSync(join(plain, 'file'), '');
    git(plain, 'init', '--quiet', '--bare', 'bare.git');
    for (const path of [
      plain,
      join(plain, 'absent'),
      join(plain, 'file'),
      join(plain, 'bare.git'),
      '--upload-pack=x',
    ]) {
      await expect(hands.inspectRepository({ path })).rejects.toThrow(failsWith('repository.not_found'));
    }
  });

  it('refuses a repository without a commit, an unknown branch, a detached HEAD and bad names', async () => {
    const { hands } = openHands();
    const empty = join(scratch(), 'empty');
    mkdirSync(empty);
    git(empty, 'init', '--quiet', '-b', 'main');
    await expect(hands.inspectRepository({ path: empty })).rejects.toThrow(failsWith('repository.no_commit'));
    const { path } = userRepository();
    await expect(hands.inspectRepository({ path, branch: 'nope' })).rejects.toThrow(failsWith('repository.no_branch'));
    await expect(hands.inspectRepository({ path, branch: '--all' })).rejects.toThrow(failsWith('repository.bad_name'));
    git(path, 'checkout', '--quiet', '--detach');
    await expect(hands.inspectRepository({ path })).rejects.toThrow(failsWith('repository.no_branch'));
    expect((await hands.inspectRepository({ path, branch: 'main' })).baseBranch).toBe('main');
  });

  it('refuses changes to tracked files unless told to leave them out; untracked files do not count', async () => {
    const { hands } = openHands();
    const { path, commit } = userRepository();
    write(path, { untracked: 'x' });
    expect((await hands.inspectRepository({ path })).dirty).toBe(false);
    write(path, { 'a.txt': 'changed' });
    await expect(hands.inspectRepository({ path })).rejects.toThrow(failsWith('repository.dirty'));
    const seen = await hands.inspectRepository({ path, fromHead: true });
    expect(seen).toMatchObject({ dirty: true, baseCommit: commit });
  });

  it('runs no hook and no monitor of the repository, and writes nothing', async () => {
    const { path } = userRepository();
    const canary = join(scratch(), 'canary');
    const script = join(path, '.git', 'evil');
    write(path, {
      '.git/evil': { run: `#!/bin/sh\ntouch ${canary}\n` },
      '.git/hooks/post-index-change': { run: `#!/bin/sh\ntouch ${canary}\n` },
    });
    git(path, 'config', 'core.fsmonitor', script);
    const index = join(path, '.git', 'index');
    const before = statSync(index).mtimeMs;
    write(path, { 'a.txt': 'a\n' });
    await openHands().hands.inspectRepository({ path });
    expect(statSync(index).mtimeMs).toBe(before);
    expect(() => statSync(canary)).toThrow();
  });

  it('looks at the files of the base commit, not of the folder', async () => {
    const { path } = userRepository();
    write(path, { 'package.json': '{"scripts":{"test":"x"}}' });
    const { hands } = openHands();
    expect((await hands.inspectRepository({ path })).detectedCheck).toBeNull();
    commitAll(path, 'Add a check');
    expect((await hands.inspectRepository({ path })).detectedCheck).toBe('npm test');
  });
});
