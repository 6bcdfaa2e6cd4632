import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare, type Figure, milliseconds } from './measure.ts';
import { inDirectory } from './raw-log.ts';
import { atMost } from './support/goals.ts';
import { git, makeRepository } from './support/repository.ts';
import { openTrain } from './support/train.ts';

const BRANCHES = 50;
const FILES = 2_000;
const TESTS = 24;
const ROUNDS = 5;
const COMMAND = 'node --test';
/** The default of `mergeTrain.batchMax`. */
const BATCH = 16;

/**
 * A run's train lands fifty branches that wait already, none in the other's way, on a repository of 2,000 files whose
 * check is `node --test` over 24 files. The floor: a script of `git merge --no-ff` in a checkout, and the bare check in
 * that checkout after each sixteen, which is as often as the train runs it. Beside it what the train does but for the
 * checks, against the bare merges alone.
 */
export async function run(): Promise<Figure[]> {
  return inDirectory(async (root) => {
    const user = join(root, 'user');
    makeRepository(user, FILES);
    const branches = makeBranches(user);
    let round = 0;
    const product = async (check: string | null) => {
      const train = await openTrain({ directory: join(root, `data-${++round}`), path: user, check, branches });
      try {
        return await milliseconds(() => train.land());
      } finally {
        await train.close();
      }
    };
    const floor = (checks: boolean) => mergeBare(user, join(root, `floor-${++round}`), branches, checks);
    await floor(true);
    await product(COMMAND);
    return [
      await compare(
        { subject: `${BRANCHES} branches landed, with the checks`, unit: 'ms', goal: atMost(1.3) },
        { product: () => product(COMMAND), floor: () => floor(true) },
        ROUNDS,
      ),
      await compare(
        { subject: '… without a check', unit: 'ms', goal: null },
        { product: () => product(null), floor: () => floor(false) },
        ROUNDS,
      ),
    ];
  });
}

/** Tests that read the repository's files, and branches that each change a file of their own; answers their commits. */
function makeBranches(path: string): string[] {
  mkdirSync(join(path, 'test'));
  for (let n = 0; n < TESTS; n++) {
    const file = join('..', `folder-${n}`, `file-${n}.js`);
    writeFileSync(
      join(path, 'test', `file-${n}.test.mjs`),
      `import { readFileSync } from 'node:fs';\nimport test from 'node:test';\ntest('file ${n}', () => { if (!readFileSync(new URL(${JSON.stringify(file)}, import.meta.url), 'utf8').includes('value')) throw new Error('gone'); });\n`,
    );
  }
  git(path, 'add', '--all');
  git(path, 'commit', '--quiet', '-m', 'Tests');
  const commits: string[] = [];
  for (let n = 0; n < BRANCHES; n++) {
    git(path, 'checkout', '--quiet', '-b', `branch-${n}`, 'main');
    writeFileSync(join(path, `folder-${n % 40}`, `file-${n}.js`), `export const value = 'changed by ${n}';\n`);
    git(path, 'commit', '--quiet', '--all', '-m', `Change ${n}`);
    commits.push(git(path, 'rev-parse', 'HEAD'));
  }
  git(path, 'checkout', '--quiet', 'main');
  return commits;
}

/** What a script would do: merge by merge in one checkout, made before the time runs. */
async function mergeBare(user: string, to: string, branches: readonly string[], checks: boolean): Promise<number> {
  git(user, 'clone', '--quiet', '--shared', user, to);
  return milliseconds(() => {
    branches.forEach((commit, n) => {
      const message = `Merge: change ${n}`;
      git(to, 'merge', '--quiet', '--no-ff', '-m', message, commit);
      const isFull = (n + 1) % BATCH === 0 || n + 1 === branches.length;
      if (!checks || !isFull) return;
      const [program = '', ...words] = COMMAND.split(' ');
      if (spawnSync(program, words, { cwd: to, stdio: 'ignore' }).status !== 0) throw new Error('The check is red.');
    });
  });
}
