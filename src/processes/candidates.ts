import { type Candidate, candidatesOf, type MergeTrain, type TrainSpec } from '../machines/merge-train/index.ts';
import { noWorkflow, type Workflow } from '../machines/workflow/index.ts';
import { testsMayGoBy } from './judging-merges.ts';
import { ownerOfWorkflow } from './ownership.ts';
import { type Entity, isEndedTask, isEndedWorkflow } from './entity.ts';
import type { World } from './world.ts';

/** What the world says of a merge train's candidates. */

export function holds(train: Entity<MergeTrain> | undefined, candidateId: string): boolean {
  return candidatesOf(train?.context).some((one) => one.candidateId === candidateId);
}

/** A train serves many runs: what it does for a candidate is told in that candidate's run. */
export function causeOf(
  train: Entity<MergeTrain>,
  { taskId, workflowId }: Pick<Candidate, 'taskId' | 'workflowId'>,
  world: World,
): Pick<Entity, 'id' | 'last'> {
  const forWhom = world.tasks.get(taskId ?? '') ?? world.workflows.get(workflowId);
  const correlationId = forWhom?.last.correlationId ?? train.last.correlationId;
  return { id: forWhom?.id ?? train.id, last: { ...train.last, correlationId } };
}

/** The run that a candidate comes from; of a revert what is needed of it, since it may be over and forgotten. */
export function runOf(
  { repositoryId, path, branch }: TrainSpec,
  candidate: Candidate,
  world: World,
): Workflow | undefined {
  const { revert, workflowId, commit } = candidate;
  if (!revert) return world.workflows.get(workflowId)?.context;
  const { check, baseline, baseCommit } = revert;
  const repository = { repositoryId, path, baseBranch: branch, baseCommit };
  const runBranch = `heph/revert-${commit.slice(0, 12)}`;
  return { ...noWorkflow(), workflowId, check, baseline, repository, runBranch };
}

export function isUnwanted(candidate: Candidate, kind: TrainSpec['kind'], world: World): boolean {
  // Whoever takes delivered work out of a base branch wants that, whatever became of the run.
  if (candidate.revert && kind === 'base') return false;
  const workflow = world.workflows.get(candidate.workflowId);
  if (!workflow || isEndedWorkflow(workflow)) return true;
  if (candidate.taskId === null) return false;
  if (candidate.revert) return false;
  const task = world.tasks.get(candidate.taskId);
  return !task || isEndedTask(task) || task.context.attempt !== candidate.attempt;
}

/** The first of the line, and those behind it that one check can judge with it: of one server, by the same command and the same judge. */
export function nextBatch({ queue, limit }: MergeTrain, world: World): { candidates: Candidate[]; limit: number } {
  const { batchMax } = world.settings.mergeTrain;
  const most = Math.min(batchMax, limit ?? batchMax);
  const [first] = queue;
  const candidates = queue.slice(0, most);
  const other = candidates.findIndex((one) => one !== first && !judgedAlike(one, first as Candidate, world));
  return { candidates: other === -1 ? candidates : candidates.slice(0, other), limit: most };
}

function judgedAlike(one: Candidate, other: Candidate, world: World): boolean {
  if (one.revert || other.revert) return false;
  const [mine, theirs] = [one, other].map(({ workflowId }) => world.workflows.get(workflowId)?.context);
  return (
    mine !== undefined &&
    mine.check === theirs?.check &&
    ownerOfWorkflow(one.workflowId, world) === ownerOfWorkflow(other.workflowId, world) &&
    testsMayGoBy(one, world) === testsMayGoBy(other, world)
  );
}
