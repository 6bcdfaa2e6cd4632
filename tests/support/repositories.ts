import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Plain git as a person would use it, without anybody's own configuration. Answers stdout, trimmed at its end. */
export function git(cwd: string, ...words: string[]): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'A Person',
    GIT_AUTHOR_EMAIL: 'person@localhost',
    GIT_COMMITTER_NAME: 'A Person',
    GIT_COMMITTER_EMAIL: 'person@localhost',
  };
  return new Promise((resolve, reject) => {
    execFile('git', words, { cwd, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`git ${words.join(' ')}: ${stderr || error.message}`));
      else resolve(stdout.trimEnd());
    });
  });
}

/** Writes files below a folder, making folders as needed. */
export function lay(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A repository of one commit on `main`. */
export async function makeRepository(path: string, files: Record<string, string>): Promise<string> {
  mkdirSync(path, { recursive: true });
  await git(path, 'init', '--quiet', '--initial-branch=main');
  lay(path, files);
  await git(path, 'add', '--all');
  await git(path, 'commit', '--quiet', '--message=Begin');
  return path;
}

/** Everything of a repository that a run could change: refs, what is checked out, the index and the files. */
export async function stateOf(path: string): Promise<string> {
  const [refs, head, status, stash] = await Promise.all([
    git(path, 'for-each-ref', '--format=%(refname) %(objectname)'),
    git(path, 'symbolic-ref', 'HEAD'),
    git(path, 'status', '--porcelain', '--ignored', '--untracked-files=all'),
    git(path, 'stash', 'list'),
  ]);
  return [refs, head, status, stash].join('\n--\n');
}

/** A library with one bug, in a nested folder, tested by `node --test` and nothing that must be installed. */
export const NESTED_LIBRARY: Record<string, string> = {
  'package.json': `${JSON.stringify({ name: 'tiers', version: '1.0.0', type: 'module', scripts: { test: 'node --test' } })}\n`,
  'README.md': 'Prices by tier.\n',
  'lib/pricing/tiers/discount.js': `/** The share taken off for so many pieces. */
export function discount(pieces) {
  if (pieces > 10) return 0.1;
  return 0;
}

export function total(pieces, each) {
  return pieces * each * (1 - discount(pieces));
}
`,
  'lib/pricing/index.js': "export { discount, total } from './tiers/discount.js';\n",
  'test/pricing/tiers/discount.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discount, total } from '../../../lib/pricing/index.js';

test('nothing is taken off for a few', () => {
  assert.equal(discount(1), 0);
  assert.equal(discount(9), 0);
});
test('ten pieces are cheaper', () => {
  assert.equal(discount(10), 0.1);
});
test('many pieces are cheaper', () => {
  assert.equal(discount(40), 0.1);
});
test('a total of a few is plain', () => {
  assert.equal(total(2, 3), 6);
});
`,
};

/**
 * A library with a slip that its tests can be made to pass over in two places: turning the comparison in `fee.js`, which
 * is looked at first and is wrong for every other distance, and the right one in `zone.js`.
 */
export const MISLEADING_LIBRARY: Record<string, string> = {
  'package.json': `${JSON.stringify({ name: 'fees', version: '1.0.0', type: 'module', scripts: { test: 'node --test' } })}\n`,
  'lib/fee.js': `import { far } from './zone.js';

/** What it costs to bring something so far. */
export function fee(km) {
  return km < far() ? 4 : 9;
}
`,
  'lib/zone.js': `/** From how many kilometres on it is far: half of a day's hundred and twenty. */
export function far() {
  return 120 * 2;
}
`,
  'test/fee.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fee } from '../lib/fee.js';

test('a hundred kilometres are far', () => {
  assert.equal(fee(100), 9);
});
`,
  'test/zone.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { far } from '../lib/zone.js';

test('far is a number', () => {
  assert.equal(typeof far(), 'number');
});
`,
};

/** Tests of it that nobody has shown to those who work on it. */
export const HIDDEN_TESTS: Record<string, string> = {
  'test/fee.test.js': `${MISLEADING_LIBRARY['test/fee.test.js']}
test('ten kilometres are near', () => {
  assert.equal(fee(10), 4);
});
test('three hundred kilometres are far', () => {
  assert.equal(fee(300), 9);
});
`,
};

/** A repository whose check is as quick as a check can be. */
export const SMALL_REPOSITORY: Record<string, string> = { 'README.md': 'Hello.\n' };
