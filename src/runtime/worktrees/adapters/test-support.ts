import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock, systemRandom } from '../../../kernel/adapters/system.ts';
import { openGates } from '../../../checks/adapters/gates.ts';
import { createRedactor } from '../../../kernel/redact.ts';
import { programFile } from '../../../programs/installation.ts';
import type { CheckEngine } from '../../checks/check-engine.ts';
import { createRepositoryHands, type RepositoryHands, type RepositoryHandsOptions } from './repository-hands.ts';

/** What the tests of this half share: real git repositories in folders that are removed after the test. */
export function scratch(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'heph-git-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export const ENVIRONMENT: NodeJS.ProcessEnv = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' };

/** The user's, or an agent's, own git. */
export function git(cwd: string, ...args: string[]): string {
  const env = { ...ENVIRONMENT, GIT_CONFIG_NOSYSTEM: '1' };
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', [...identity, ...args], {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

export type Tree = Record<string, string | { link: string } | { run: string }>;

export function write(root: string, tree: Tree): void {
  for (const [path, content] of Object.entries(tree)) {
    const full = join(root, path);
    mkdirSync(dirname(full), { recursive: true });
    if (typeof content === 'string') writeFileSync(full, content);
    else if ('link' in content) symlinkSync(content.link, full);
    else {
      writeFileSync(full, content.run);
      chmodSync(full, 0o755);
    }
  }
}

export function commitAll(root: string, message: string): string {
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '--allow-empty', '-m', message);
  return git(root, 'rev-parse', 'HEAD');
}

/** A user's repository with one commit. */
export function userRepository(tree: Tree = { 'a.txt': 'a\n', 'b/c.txt': 'c\n' }): { path: string; commit: string } {
  const path = join(scratch(), 'user');
  mkdirSync(path);
  git(path, 'init', '--quiet', '-b', 'main');
  write(path, tree);
  return { path, commit: commitAll(path, 'First') };
}

/** The engine as the server has it, on a data directory. `secrets` are taken out of what a check prints. */
export function gatesOf(directory: string, secrets: readonly string[] = [], env = ENVIRONMENT): CheckEngine {
  return openGates({
    results: join(directory, 'gates'),
    env,
    clock: systemClock,
    random: systemRandom,
    redactor: createRedactor({ values: secrets }),
    agents: async () => [],
  });
}

export function openHands(options: Partial<RepositoryHandsOptions> = {}): {
  hands: RepositoryHands;
  directory: string;
  warnings: string[];
} {
  const directory = options.directory ?? join(scratch(), 'data');
  const warnings: string[] = [];
  const hands = createRepositoryHands({
    directory,
    clock: systemClock,
    random: systemRandom,
    log: { warn: (_details, message) => warnings.push(message) },
    redact: (text) => text,
    environment: ENVIRONMENT,
    mutator: programFile('mutator'),
    engine: gatesOf(directory),
    ...options,
  });
  return { hands, directory, warnings };
}

export interface Job {
  user: { path: string; commit: string };
  hands: RepositoryHands;
  directory: string;
  warnings: string[];
  repositoryId: string;
  base: string;
  runBranch: string;
  mirror: string;
}

/** A user's repository, looked at and opened for a run. */
export async function openJob(tree?: Tree): Promise<Job> {
  const user = userRepository(tree);
  const opened = openHands();
  const seen = await opened.hands.inspectRepository({ path: user.path });
  const runBranch = 'heph/run-1';
  const { repositoryId, baseCommit: base, path } = seen;
  await opened.hands.openRun({ repositoryId, path, commit: base, runBranch });
  return {
    user,
    ...opened,
    repositoryId,
    base,
    runBranch,
    mirror: join(opened.directory, 'repos', `${repositoryId}.git`),
  };
}

export async function worktree(job: Job, taskId = 'tsk_one'): Promise<string> {
  const { repositoryId, base } = job;
  const request = { taskId, repositoryId, branch: `heph/${taskId}`, commit: base };
  return (await job.hands.prepareWorktree(request)).path;
}
