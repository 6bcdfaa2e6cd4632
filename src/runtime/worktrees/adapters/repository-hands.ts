import { mkdirSync, realpathSync } from 'node:fs';
import { measureChange } from '../../change/adapters/measure-change.ts';
import { readDiff } from '../../change/adapters/read-diff.ts';
import { runCheck } from '../../checks/adapters/run-check.ts';
import type { CheckEngine } from '../../checks/check-engine.ts';
import { mutate } from '../../mutation/adapters/mutate.ts';
import type { Runner, TouchedFiles, TouchedFilesRequest } from '../../runner.ts';
import { runScorer } from '../../scorers/adapters/run-scorer.ts';
import type { Hands } from '../hands.ts';
import { createLocks } from '../locks.ts';
import { deliver } from './deliver.ts';
import { simpleGitAdapter } from './git.ts';
import { inspectUsers } from './inspect.ts';
import { keepTree } from './keep-tree.ts';
import { sweepLeftovers } from './leftovers.ts';
import { layJudge } from './lay-judge.ts';
import { layTests } from './lay-tests.ts';
import { mergeCandidates } from './merge-candidates.ts';
import { moveMirrorBranch, openMirror, readMirrorBranch } from './mirror.ts';
import { prepareWorktree } from './prepare-worktree.ts';
import { removeRefs } from './remove-refs.ts';
import { removeWorktree } from './remove-worktree.ts';
import { type RefsRequest, takeRefs } from './take-refs.ts';
import { touchedFiles } from './touched-files.ts';

export type RepositoryHands = Pick<
  Runner,
  | 'inspectRepository'
  | 'openRun'
  | 'readBranch'
  | 'prepareWorktree'
  | 'keepTree'
  | 'removeWorktree'
  | 'runCheck'
  | 'mutate'
  | 'layJudge'
  | 'layTests'
  | 'measureChange'
  | 'readDiff'
  | 'runScorer'
  | 'removeRefs'
  | 'mergeCandidates'
  | 'moveBranch'
  | 'deliver'
> & {
  /** Takes over the refs of a run from another runner on this machine. */
  takeRefs(request: RefsRequest): Promise<void>;
  /** Which files of a worktree differ from its base. Throws Fault `worktree.failed` when it is gone. */
  touchedFiles(request: TouchedFilesRequest): Promise<TouchedFiles>;
};

export interface RepositoryHandsOptions extends Omit<Hands, 'git'> {
  git?: Hands['git'];
  /** The program of the thread that mutates source files. */
  mutator: string;
  engine: CheckEngine;
}

/**
 * The repository half of the Runner.
 *
 *   user's repository ──openRun──► mirror ──prepareWorktree──► worktree (a clone that borrows the mirror's objects)
 *          ▲                        │  ▲                           │
 *          └───────deliver──────────┘  └─────────keepTree──────────┘     mergeCandidates, moveBranch: in the mirror
 *
 * Verbs on one task, one check, one train or one user's repository come one after another, different ones in parallel.
 * `directory` is made when absent. Its parts: `repos/`, `worktrees/`, `checks/`, `gates/`, `scratch/` and, rarely, `rescued/`.
 */
export function createRepositoryHands(options: RepositoryHandsOptions): RepositoryHands {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const git = options.git ?? simpleGitAdapter(options);
  const hands: Hands = { ...options, directory: realpathSync(options.directory), git };
  const swept = sweepLeftovers(hands);
  const inTurn = createLocks();
  const oneBy =
    <I, O>(key: (input: I) => string, verb: (input: I) => Promise<O>) =>
    async (input: I): Promise<O> => {
      await swept;
      return inTurn(key(input), () => verb(input));
    };
  const task = ({ taskId }: { taskId: string }) => `task ${taskId}`;
  const repository = ({ repositoryId }: { repositoryId: string }) => `repository ${repositoryId}`;
  const check = runCheck({ ...hands, engine: options.engine });
  const measure = mutate(hands, options.mutator);
  const score = runScorer(hands);
  return {
    inspectRepository: inspectUsers(hands, options.engine),
    openRun: oneBy(repository, openMirror(hands)),
    readBranch: readMirrorBranch(hands),
    prepareWorktree: oneBy(task, prepareWorktree(hands, options.engine)),
    keepTree: oneBy(task, keepTree(hands)),
    removeWorktree: oneBy(task, removeWorktree(hands)),
    runCheck: async (request) => swept.then(() => check(request)),
    mutate: async (request) => swept.then(() => measure(request)),
    layJudge: layJudge(hands, options.engine),
    layTests: layTests(hands),
    measureChange: measureChange(hands),
    // A worktree is not to be kept, or removed, while it is looked at.
    readDiff: oneBy(task, readDiff(hands)),
    runScorer: async (request) => swept.then(() => score(request)),
    mergeCandidates: oneBy(({ repositoryId, branch }) => `merge ${repositoryId} ${branch}`, mergeCandidates(hands)),
    moveBranch: moveMirrorBranch(hands),
    removeRefs: oneBy(repository, removeRefs(hands)),
    takeRefs: oneBy(repository, takeRefs(hands)),
    touchedFiles: oneBy(task, touchedFiles(hands)),
    deliver: oneBy(({ path }) => `user ${path}`, deliver(hands)),
  };
}
