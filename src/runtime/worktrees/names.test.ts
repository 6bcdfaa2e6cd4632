import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { branchRef, commitId, folderName, isBranchName, isTreePath } from './names.ts';

function gitTakes(name: string): boolean {
  try {
    execFileSync('git', ['check-ref-format', '--branch', name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const ALPHABET = [...'aZ0./-_', '.lock', '..', 'HEAD', '//', '/.'];

describe('branch names', () => {
  it('accepts nothing that git refuses, and within our alphabet refuses nothing that git takes', {
    timeout: 60_000,
  }, () => {
    const first = fc.constantFrom('', 'a', 'B/', '0');
    const rest = fc.array(fc.constantFrom(...ALPHABET), { minLength: 1, maxLength: 6 });
    const names = fc.tuple(first, rest).map(([head, parts]) => head + parts.join(''));
    fc.assert(
      fc.property(names, (name) => {
        const inAlphabet = /^[A-Za-z0-9]/.test(name);
        expect(isBranchName(name)).toBe(inAlphabet && gitTakes(name));
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    '-x',
    '--upload-pack=touch canary',
    '$(id)',
    '`id`',
    'a|b',
    'a;b',
    'a b',
    'a\nb',
    'a\u3000b',
    'ä',
    '../x',
    'a/../b',
    '@{-1}',
    'a@{1}',
    'refs~1',
    'a^',
    'a:b',
    'a\0b',
    '',
    '.a',
    'a'.repeat(101),
  ])('refuses %j', (name) => {
    expect(() => branchRef(name)).toThrow(expect.objectContaining({ code: 'repository.bad_name' }));
  });

  it('takes upper case and slashes', () => {
    expect(branchRef('Feature/ABC-1.2_x')).toBe('refs/heads/Feature/ABC-1.2_x');
  });
});

it.each(['../x', 'a/b', '-a', '', '.', 'a\0', 'a.json'])('refuses the id %j for a folder', (id) => {
  expect(() => folderName(id)).toThrow(expect.objectContaining({ code: 'repository.bad_name' }));
});

it.each(['HEAD', 'abc', '--all', 'a'.repeat(41)])('refuses %j for a commit', (id) => {
  expect(() => commitId(id)).toThrow(expect.objectContaining({ code: 'repository.bad_name' }));
});

it.each([
  ['a/b.txt', true],
  ['.gitignore', true],
  ['.github/x', true],
  ['.git', false],
  ['a/.GIT/config', false],
  ['git~1/x', false],
  ['a\\b', false],
  ['.git./x', false],
  ['.g\xe2\x80\x8cit/x', false],
])('knows whether %j may stand in a tree', (path, fits) => {
  expect(isTreePath(path)).toBe(fits);
});
