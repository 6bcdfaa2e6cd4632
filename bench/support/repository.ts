import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../../src/kernel/adapters/system.ts';
import { createRepositoryHands } from '../../src/runtime/worktrees/adapters/repository-hands.ts';
import { openGates } from '../../src/checks/adapters/gates.ts';
import { createRedactor } from '../../src/kernel/redact.ts';
import { inDirectory } from '../raw-log.ts';
import { programFile } from '../../src/programs/installation.ts';

/** Worktrees of one repository: the product's, and what git alone does with the same mirror. */
export interface Worktrees {
  /** The path of the worktree of a new task. */
  prepare(taskId: string): Promise<string>;
  /** The path of a bare `git clone --shared`. */
  clone(name: string): string;
}

/** A repository of so many files with a run open on it, in a directory that goes afterwards. */
export async function withWorktrees<T>(files: number, work: (worktrees: Worktrees) => Promise<T>): Promise<T> {
  return inDirectory(async (root) => {
    const path = join(root, 'user');
    makeRepository(path, files);
    const hands = createRepositoryHands({
      directory: join(root, 'data'),
      clock: systemClock,
      random: systemRandom,
      log: { warn() {} },
      redact: (text) => text,
      environment: process.env,
      mutator: programFile('mutator'),
      engine: openGates({
        results: join(root, 'data', 'gates'),
        env: process.env,
        clock: systemClock,
        random: systemRandom,
        redactor: createRedactor({ values: [] }),
        agents: async () => [],
      }),
    });
    const { repositoryId, baseCommit: commit } = await hands.inspectRepository({ path });
    await hands.openRun({ repositoryId, path, commit, runBranch: 'heph/run-1' });
    const mirror = join(root, 'data', 'repos', `${repositoryId}.git`);
    return work({
      prepare: async (taskId) =>
        (await hands.prepareWorktree({ taskId, repositoryId, branch: `heph/${taskId}`, commit })).path,
      clone(name) {
        const to = join(root, `floor-${name}`);
        execFileSync('git', ['clone', '--quiet', '--shared', '--branch', 'heph/run-1', mirror, to]);
        return to;
      },
    });
  });
}

/** A user's repository with one commit. */
export function makeRepository(path: string, files: number): void {
  for (let n = 0; n < files; n++) {
    const folder = join(path, `folder-${n % 40}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${n}.js`), `export const value = ${n};\n`.repeat(40));
  }
  git(path, 'init', '--quiet', '-b', 'main');
  git(path, 'add', '--all');
  git(path, 'commit', '--quiet', '-m', 'First');
}

/** Git under a name of the benchmark's own; answers its output in one trimmed piece. */
export function git(cwd: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.org'];
  return execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8' }).trim();
}
