import { expect, it } from 'vitest';
import { commitAll, openJob, type Tree, write } from '../../worktrees/adapters/test-support.ts';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

const BODY =
  'const parts = text.trim().split(",");\n  if (parts.length > 3) throw new Error("too many");\n  return parts.map((one) => one.trim()).filter(Boolean);';
const BASE: Tree = {
  'src/parse.js': `import fs from 'node:fs';\nexport function parse(text) {\n  ${BODY}\n}\n`,
  'src/main.js': "import { parse } from './parse.js';\nconsole.log(parse('a'));\n",
  'test/parse.test.js': "import test from 'node:test';\n",
  'tool.py': 'import os\n',
};

async function measured(change: Tree, more: { sources?: boolean; remove?: string[] } = {}) {
  const { hands, repositoryId, base, user } = await openJob(BASE);
  for (const path of more.remove ?? []) rmSync(join(user.path, path));
  write(user.path, change);
  const commit = commitAll(user.path, 'Change');
  await hands.openRun({ repositoryId, path: user.path, commit, runBranch: 'heph/run-2' });
  return hands.measureChange({ repositoryId, base, commit, sources: more.sources ?? true });
}

it('counts files and lines, and a binary file as one', async () => {
  const change = { 'src/main.js': 'a\nb\nc\n', 'logo.bin': '\0\0\n\0' };
  expect(await measured(change, { sources: false })).toEqual({
    files: [
      { path: 'logo.bin', insertions: 0, deletions: 0 },
      { path: 'src/main.js', insertions: 3, deletions: 2 },
    ],
    changedLines: 6,
    code: null,
  });
});

it('names what is imported anew, in code and in tests', async () => {
  const { code } = await measured({
    'src/main.js': "import { parse } from './parse.js';\nimport fs from 'node:fs';\nimport _ from 'lodash/fp';\n",
    'test/more.test.js': "import test from 'node:test';\nimport { expect } from 'chai';\n",
    'tool.py': 'import os\nimport numpy as np\nimport helper\n',
    'helper.py': 'x = 1\n',
    'odd.go': 'package odd\n',
  });
  expect(code?.newImports).toEqual(['chai', 'lodash', 'numpy']);
  expect(code?.unreadImports).toEqual(['odd.go']);
});

it('tells code that repeats what there is from code that uses it', async () => {
  const repeats = await measured({ 'src/again.js': `export function read(text) {\n  ${BODY}\n}\n` });
  expect(repeats.code?.reuse.repeated).toBeGreaterThan(30);
  expect(repeats.code?.reuse).toMatchObject({ called: [], defined: ['read'] });
  const uses = await measured({
    'src/again.js': "import { parse } from './parse.js';\nexport const read = (text) => parse(text);\n",
  });
  expect(uses.code?.reuse).toMatchObject({ repeated: 0, called: ['parse'], defined: ['read'] });
});

it('takes what was moved for no repetition', async () => {
  const moved = `export function parse(text) {\n  ${BODY}\n}\n`;
  const { code } = await measured({ 'src/read.js': moved }, { remove: ['src/parse.js'] });
  expect(code?.reuse.repeated).toBe(0);
});

it('does not count tests as new code', async () => {
  const { code } = await measured({ 'test/more.test.js': `function read(text) {\n  ${BODY}\n}\n` });
  expect(code?.reuse).toEqual({ tokens: 0, repeated: 0, called: [], defined: [] });
});

it('says of what it did not read that it did not', async () => {
  const { code } = await measured({ 'src/huge.js': `${'x();\n'.repeat(120_000)}` });
  expect(code).toMatchObject({ unread: 1, unreadImports: ['src/huge.js'] });
});
