import {
  type Candidate,
  candidatesOf,
  type CurrentMerge,
  type MergeTrain,
  runTrainOf,
  type TrainSpec,
} from '../machines/merge-train/index.ts';
import type { Task } from '../machines/task/index.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import { candidateIdOf } from './base.ts';
import type { CandidateEnd } from './candidate-ends.ts';
import { causeOf, holds, isUnwanted, nextBatch, runOf } from './candidates.ts';
import { lastWord } from './correspondence.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import { checkAndLand, mergeAll } from './landing.ts';
import type { Entity } from './entity.ts';
import type { World } from './world.ts';

/**
 * The merge trains. A candidate is merged in a scratch tree with the branch's tip, the merged tree is checked, and only
 * then does the branch move, by compare-and-swap. So what a branch was moved to has passed as it stands there. Where the
 * line is long, the first of it are merged one upon the other, and checked and landed together.
 */
export const merging: Process = {
  name: 'merging',
  concurrency: (world) => world.settings.limits.checksAtOnce,
  obligations(entity, world) {
    if (entity.kind === 'task') return ofTask(entity as Entity<Task>, world);
    if (entity.kind === 'mergeTrain') return ofTrain(entity as Entity<MergeTrain>, world);
    return [];
  },
};

function ofTask(task: Entity<Task>, world: World): Obligation[] {
  const workflow = world.workflows.get(task.context.spec.workflowId)?.context;
  const { attempt, tree, spec } = task.context;
  if (task.value !== 'merging' || !workflow || !tree?.commit) return [];
  const candidateId = candidateIdOf(task.id, attempt);
  const end = world.candidates.get(candidateId);
  if (end) return [{ key: `merged:${candidateId}`, act: (hands) => tell(task, workflow, end, hands) }];
  const train = runTrainOf(workflow);
  if (holds(world.trains.get(train.trainId), candidateId)) return [];
  const candidate: Candidate = {
    candidateId,
    workflowId: workflow.workflowId,
    taskId: task.id,
    attempt,
    commit: tree.commit,
    message: `Merge: ${spec.title}\n\nTask: ${task.id}\nRun: ${workflow.workflowId}\n`,
  };
  return [
    {
      key: `queue:${candidateId}`,
      act: async ({ send }) =>
        void (await settled(send('queue_candidate', { trainId: train.trainId, train, candidate }))),
    },
  ];
}

async function tell(task: Entity<Task>, workflow: Workflow, end: CandidateEnd, { send, blobs }: Hands): Promise<void> {
  const taskId = task.id;
  const { attempt } = task.context;
  switch (end.outcome) {
    case 'landed':
      await settled(send('record_merge', { taskId, commit: end.commit, branch: workflow.runBranch }));
      return;
    case 'refused': {
      const verdict = { code: end.code, feedback: end.reason };
      const last = await lastWord(task.context, verdict, blobs);
      await settled(send('send_back', { taskId, attempt, ...verdict, files: end.files, ...last }));
      return;
    }
    case 'withdrawn':
      await settled(
        send('fail_task', { taskId, code: 'withdrawn', reason: 'Its candidate was withdrawn from the merge train.' }),
      );
  }
}

function ofTrain(train: Entity<MergeTrain>, world: World): Obligation[] {
  const { spec, queue, current } = train.context;
  if (!spec) return [];
  const { trainId } = spec;
  const withdrawals = candidatesOf(train.context)
    .filter((candidate) => isUnwanted(candidate, spec.kind, world))
    .map(({ candidateId, ...candidate }) => ({
      cause: causeOf(train, candidate, world),
      key: `withdraw:${candidateId}`,
      act: async ({ send }: Hands) =>
        void (await settled(
          send('withdraw_candidate', { trainId, candidateId, reason: 'Its task or run has ended.' }),
        )),
    }));
  if (withdrawals.length > 0) return withdrawals;
  if (current) return takeTurn(train, spec, current, world);
  return queue.length > 0 ? [startTurn(train, trainId, world)] : [];
}

function startTurn(train: Entity<MergeTrain>, trainId: string, world: World): Obligation {
  const { candidates, limit } = nextBatch(train.context, world);
  const [first] = candidates as [Candidate];
  const { candidateId } = first;
  if (candidates.length === 1) {
    return {
      key: `start:${candidateId}`,
      cause: causeOf(train, first, world),
      act: async ({ send }) => void (await settled(send('start_merge', { trainId, candidateId }))),
    };
  }
  const candidateIds = candidates.map((one) => one.candidateId);
  return {
    key: `start:${candidateId}+${candidates.length}:${train.last.id}`,
    cause: causeOf(train, { ...first, taskId: null }, world),
    act: async ({ send }) => void (await settled(send('start_batch', { trainId, candidateIds, limit }))),
  };
}

function takeTurn(train: Entity<MergeTrain>, spec: TrainSpec, current: CurrentMerge, world: World): Obligation[] {
  const { members, limit, restarts, since, passed, failed } = current;
  const first = members[0]?.candidate;
  const workflow = first && runOf(spec, first, world);
  if (!workflow) return [];
  const { trainId } = spec;
  const { candidateId } = first;
  const alone = limit === null;
  const turn = alone ? `${candidateId}:${restarts}` : `${candidateId}+${members.length}:${since}:${restarts}`;
  const giveUp: Obligation['giveUp'] = async ({ send }, { code, message }) => {
    const reason = `The merge could not be made: ${message}`;
    // One by one it shows whose merge it is that cannot be made.
    const [name, how] = alone ? ['refuse_candidate', { code, files: [], check: null }] : ['abandon_batch', {}];
    await settled(send(name as string, { trainId, candidateId, reason, ...(how as object) }));
  };
  const cause = causeOf(train, alone ? first : { ...first, taskId: null }, world);
  if (!members.every(({ merged }) => merged))
    return [{ key: `merge:${turn}`, act: (hands) => mergeAll({ spec, current, workflow }, hands), giveUp, cause }];
  const known = alone ? '' : `:${passed}:${failed.join('.')}`;
  return [
    { key: `land:${turn}${known}`, act: (hands) => checkAndLand({ spec, current, workflow }, hands), giveUp, cause },
  ];
}
