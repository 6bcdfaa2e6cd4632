import { deriveId } from '../../kernel/ids.ts';
import type { Workflow } from '../workflow/index.ts';
import type { TrainSpec } from './events.ts';

/** The train into a run's own branch. */
export function runTrainOf(workflow: Workflow): TrainSpec {
  const { repositoryId, path } = workflow.repository;
  return {
    trainId: deriveId('mtr', [repositoryId, workflow.runBranch]),
    repositoryId,
    kind: 'run',
    branch: workflow.runBranch,
    path,
  };
}

/** The train into a branch of the user's repository; every run on it goes through the same one. */
export function baseTrainOf(workflow: Workflow): TrainSpec {
  const { repositoryId, path, baseBranch } = workflow.repository;
  return {
    trainId: deriveId('mtr', [repositoryId, 'base', baseBranch]),
    repositoryId,
    kind: 'base',
    branch: baseBranch,
    path,
  };
}
