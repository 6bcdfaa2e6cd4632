import { Fault, HephError, messageOf } from '../../../kernel/errors.ts';
import { definitionText } from '../../checks/adapters/definition-text.ts';
import type { CheckEngine } from '../../checks/check-engine.ts';
import type { Runner, WorktreeReady, WorktreeRequest } from '../../runner.ts';
import { type Hands, mirrorOf, worktreeOf, worktreesOf } from '../hands.ts';
import { branchRef, commitId } from '../names.ts';
import { copyIgnored } from './copy-ignored.ts';
import { kindOf, makeDirectory, removeContained } from './files.ts';
import { mergeTrees } from './merge-trees.ts';
import { inMirror } from './mirror.ts';
import { readRecord, type WorktreeRecord, writeRecord } from './registry.ts';
import { runSetup } from './setup.ts';
import { undone } from './take-out.ts';

const CLONE_TIMEOUT_MS = 10 * 60_000;
const ENVIRONMENT_WALL_MS = 15 * 60_000;
const ENVIRONMENT_OUTPUT_BYTES = 8_192;
/** Nothing to fetch by chance, nowhere to push to, no collection of garbage in the middle of a turn. */
const CLONE = [
  'clone',
  '--shared',
  '--single-branch',
  '--no-tags',
  '--template=',
  '--config=remote.origin.pushurl=no-push',
  '--config=gc.auto=0',
  '--config=maintenance.auto=false',
];

export function prepareWorktree(hands: Hands, engine: CheckEngine): Runner['prepareWorktree'] {
  return async (request) => {
    const path = worktreeOf(hands, request.taskId);
    const known = await readRecord(hands, request.taskId);
    if (known?.state === 'ready' && (await kindOf(path)) === 'directory') return ready(path, known);
    await refuseStranger(path, known);
    await makeDirectory(worktreesOf(hands));
    const record: WorktreeRecord = {
      taskId: request.taskId,
      repositoryId: request.repositoryId,
      branch: request.branch,
      commit: commitId(request.commit),
      state: 'making',
    };
    const ref = branchRef(request.branch);
    await writeRecord(hands, record);
    if (known) await removeContained(hands, worktreesOf(hands), path);
    try {
      await inMirror(hands, request.repositoryId, ['update-ref', '--end-of-options', ref, record.commit]);
      await clone(hands, request, path);
      if (request.copyIgnored) await copyIgnored(hands, request.copyIgnored, path);
      // Before unfinished work comes, in which a manifest may hold the marks of a conflict.
      const environment = await engine.makeReady(await environmentOf(hands, request, path));
      if (environment) record.environment = environment;
      if (request.unfinished) await layMerge(hands, request, commitId(request.unfinished), path);
      else if (request.undo) await layMerge(hands, request, await undoneBy(hands, request, request.undo), path);
      await runSetup(hands, path, request.setup ?? [], 'worktree.failed');
    } catch (error) {
      throw failedWorktree(error);
    }
    await writeRecord(hands, { ...record, state: 'ready' });
    return ready(path, record);
  };
}

const ready = (path: string, { branch, commit, environment }: WorktreeRecord): WorktreeReady => ({
  ...{ path, branch, commit },
  ...(environment && { environment }),
});

/** No agent has been in this folder yet, so what is found in it is the commit's. */
async function environmentOf(hands: Hands, request: WorktreeRequest, checkout: string) {
  const { repositoryId, commit, trusted } = request;
  const limits = { wallMs: ENVIRONMENT_WALL_MS, outputBytesMax: ENVIRONMENT_OUTPUT_BYTES };
  const text =
    trusted === undefined || trusted === commit ? undefined : await definitionText(hands, repositoryId, trusted);
  return { repositoryId, commit, checkout, limits, ...(text !== undefined && { trusted: text }) };
}

async function refuseStranger(path: string, known: WorktreeRecord | null): Promise<void> {
  if (known || (await kindOf(path)) === 'absent') return;
  throw new HephError('repository.unsafe_path', `${path} exists but was not made by us, so it is left alone.`);
}

async function clone(hands: Hands, request: WorktreeRequest, path: string): Promise<void> {
  const mirror = mirrorOf(hands, request.repositoryId);
  const args = [...CLONE, `--branch=${request.branch}`, '--end-of-options', mirror, path];
  await hands.git.run(args, { cwd: worktreesOf(hands), config: 'ours', timeoutMs: CLONE_TIMEOUT_MS });
}

/**
 * The merged files with their markers, as `git merge` would leave them, while HEAD and index stay at the commit: so all
 * that differs is the work, and what becomes of it stands on that commit. No agent has been in this folder yet.
 */
async function layMerge(hands: Hands, request: WorktreeRequest, unfinished: string, path: string): Promise<void> {
  const { tree } = await mergeTrees(hands, request.repositoryId, commitId(request.commit), unfinished);
  const call = { cwd: path, config: 'ours', timeoutMs: CLONE_TIMEOUT_MS } as const;
  await hands.git.run(['read-tree', '--reset', '-u', '--end-of-options', tree], call);
  await hands.git.run(['read-tree', '--reset', '--end-of-options', request.commit], call);
}

function undoneBy(hands: Hands, { repositoryId }: WorktreeRequest, merge: string): Promise<string> {
  return undone(hands, repositoryId, commitId(merge), 'Undo the merge');
}

function failedWorktree(error: unknown): unknown {
  if (error instanceof HephError && !(error instanceof Fault && error.code.startsWith('git.'))) return error;
  return new Fault('worktree.failed', `The worktree could not be made: ${messageOf(error)}`, { cause: error });
}
