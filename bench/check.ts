import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type BenchOptions, compare, type Figure, milliseconds } from './measure.ts';
import { inDirectory } from './raw-log.ts';
import { builtProgram } from './support/built.ts';
import { atMost, within } from './support/goals.ts';
import { makeRepository } from './support/repository.ts';

const FILES = 20_000;
const FILES_QUICK = 2_000;
const ROUNDS = 7;
const ROUNDS_QUICK = 5;
/** `makeRepository` makes so many folders; each gets a check of its own. */
const FOLDERS = 40;
/** What each check does: a Node that reads its folder. */
const COMMAND = (folder: string) => [
  process.execPath,
  '-e',
  `require('fs').readdirSync('${folder}').forEach((name) => require('fs').readFileSync('${folder}/' + name))`,
];

/** The packed `heph check` on a large repository, beside git that only looks, and beside the checks' commands without it. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const heph = builtProgram();
  const files = quick ? FILES_QUICK : FILES;
  const rounds = quick ? ROUNDS_QUICK : ROUNDS;
  return inDirectory(async (parent) => {
    const root = join(parent, 'repository');
    makeRepository(root, files);
    const folders = Array.from({ length: FOLDERS }, (_, n) => `folder-${n}`);
    const checks = Object.fromEntries(
      folders.map((folder) => [folder, { run: COMMAND(folder), inputs: { files: [`${folder}/**`] } }]),
    );
    // JSON is YAML as well.
    writeFileSync(join(root, 'checks.yaml'), JSON.stringify({ checks }));
    execFileSync('git', ['add', '--all'], { cwd: root });
    const check = () =>
      milliseconds(() => call(root, process.execPath, [heph, 'check', '--data', join(parent, 'data')]));
    const bare = () => milliseconds(() => inTurns(root, folders.map(COMMAND)));
    const look = () => milliseconds(() => call(root, 'git', ['status', '--porcelain']));
    await check();
    const change = () => appendFileSync(join(root, 'folder-7', 'file-7.js'), '// changed\n');
    return [
      await compare(
        {
          subject: `heph check, nothing changed, ${files} files, against git status`,
          unit: 'ms',
          goal: within(150, 'ms'),
        },
        { product: check, floor: look },
        rounds,
      ),
      await compare(
        { subject: `… against its ${FOLDERS} commands bare`, unit: 'ms', goal: atMost(0.5) },
        { product: check, floor: bare },
        rounds,
      ),
      await compare(
        { subject: '… one file changed, against all commands bare', unit: 'ms', goal: atMost(0.5) },
        { product: async () => (change(), check()), floor: bare },
        rounds,
      ),
    ];
  });
}

/** Throws when it fails: a failure is quick, and would look good. */
function call(cwd: string, program: string, words: readonly string[]): void {
  const { status, stderr } = spawnSync(program, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
}

/** As many of the commands at a time as there are cores. */
async function inTurns(cwd: string, commands: readonly (readonly string[])[]): Promise<void> {
  const toStart = commands.values();
  const work = async () => {
    for (const [program = '', ...words] of toStart) {
      const code = await new Promise((resolve, reject) =>
        spawn(program, words, { cwd, stdio: 'ignore' }).on('error', reject).on('close', resolve),
      );
      if (code !== 0) throw new Error(`${words.join(' ')} ended with ${String(code)}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}
