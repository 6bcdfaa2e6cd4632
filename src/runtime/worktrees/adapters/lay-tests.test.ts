import { expect, it } from 'vitest';
import { git, openJob, type Tree, write } from './test-support.ts';

const BASE: Tree = {
  'src/add.js': 'wrong\n',
  'test/add.test.js': 'strict\n',
  'package.json': '{"scripts":{"test":"node --test"}}\n',
};

async function laid(tests: Tree, code: Tree) {
  const { hands, repositoryId, base, mirror } = await openJob(BASE);
  const kept = async (taskId: string, change: Tree) => {
    const { path } = await hands.prepareWorktree({ taskId, repositoryId, branch: `heph/${taskId}`, commit: base });
    write(path, change);
    const { commit } = await hands.keepTree({ taskId, repositoryId, turn: 1, base, message: taskId });
    return commit ?? base;
  };
  const [testsOf, codeOf] = [await kept('tsk_1', tests), await kept('tsk_2', code)];
  const answer = await hands.layTests({ repositoryId, base, testsOf, codeOf, command: 'npm test' });
  const files = answer.commit === null ? [] : git(mirror, 'ls-tree', '-r', '--name-only', answer.commit).split('\n');
  const show = (path: string) => git(mirror, 'show', `${answer.commit}:${path}`);
  return { answer, files, show };
}

it('lays the new tests of one over the code of the other', async () => {
  const { answer, files, show } = await laid(
    { 'test/mine.test.js': 'mine\n', 'test/add.test.js': 'sharper\n', 'src/add.js': 'my code\n' },
    { 'src/add.js': 'right\n', 'src/help.js': 'help\n', 'test/theirs.test.js': 'theirs\n' },
  );
  expect(answer.tests).toEqual(['test/add.test.js', 'test/mine.test.js']);
  expect(files).toEqual(['package.json', 'src/add.js', 'src/help.js', 'test/add.test.js', 'test/mine.test.js']);
  expect(show('src/add.js')).toBe('right');
  expect(show('test/add.test.js')).toBe('sharper');
});

it('brings neither side’s runner, configuration or scripts along', async () => {
  const { files, show } = await laid(
    { 'test/mine.test.js': 'mine\n', 'vitest.config.js': 'fake\n', 'package.json': '{"scripts":{"test":"true"}}\n' },
    { 'src/add.js': 'right\n', 'jest.config.js': 'fake\n', 'package.json': '{"scripts":{"test":"echo ok"}}\n' },
  );
  expect(files).toEqual(['package.json', 'src/add.js', 'test/add.test.js', 'test/mine.test.js']);
  expect(JSON.parse(show('package.json'))).toEqual({ scripts: { test: 'node --test' } });
});

it('puts back a test that the other took away or made easier', async () => {
  const { show } = await laid({ 'test/mine.test.js': 'mine\n' }, { 'test/add.test.js': 'loose\n' });
  expect(show('test/add.test.js')).toBe('strict');
});

it('has nothing to lay where no test is new', async () => {
  const { answer } = await laid({ 'src/add.js': 'right\n' }, { 'test/theirs.test.js': 'theirs\n' });
  expect(answer).toEqual({ tests: [], commit: null, tree: null });
});
