import { Fault } from '../kernel/errors.ts';
import { type Candidate, type MergeTrain, runTrainOf, type TrainSpec } from '../machines/merge-train/index.ts';
import type { Task } from '../machines/task/index.ts';
import { type CheckSummary, noWorkflow, type Workflow } from '../machines/workflow/index.ts';
import type { CheckResult, MergeResult, TestOutcome } from '../runtime/runner.ts';
import { candidateIdOf } from './base.ts';
import { readTests, runCheck } from './checking.ts';
import { lastWord } from './correspondence.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import { judge, ownFailures, type Verdict } from './judge.ts';
import { testsAreTheWork } from './judging.ts';
import type { CandidateEnd } from './candidate-ends.ts';
import { type Entity, isEndedTask, isEndedWorkflow } from './entity.ts';
import type { World } from './world.ts';

/**
 * The merge trains. A candidate is merged in a scratch tree with the branch's tip, the merged tree is checked, and only
 * then does the branch move, by compare-and-swap. So what is in a branch has passed as it stands there.
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

export function holds(train: Entity<MergeTrain> | undefined, candidateId: string): boolean {
  const { queue, current } = train?.context ?? {};
  return current?.candidate.candidateId === candidateId || (queue ?? []).some((one) => one.candidateId === candidateId);
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
  const abandoned = [...queue, ...(current ? [current.candidate] : [])].filter((candidate) =>
    isUnwanted(candidate, spec.kind, world),
  );
  const withdrawals = abandoned.map(({ candidateId, ...candidate }) => ({
    cause: causeOf(train, candidate, world),
    key: `withdraw:${candidateId}`,
    act: async ({ send }: Hands) =>
      void (await settled(send('withdraw_candidate', { trainId, candidateId, reason: 'Its task or run has ended.' }))),
  }));
  if (withdrawals.length > 0) return withdrawals;
  if (!current) {
    const next = queue[0];
    if (!next) return [];
    return [
      {
        key: `start:${next.candidateId}`,
        cause: causeOf(train, next, world),
        act: async ({ send }) => void (await settled(send('start_merge', { trainId, candidateId: next.candidateId }))),
      },
    ];
  }
  const { candidate, merged, restarts } = current;
  const workflow = runOf(spec, candidate, world);
  if (!workflow) return [];
  const turn = `${candidate.candidateId}:${restarts}`;
  const cause = causeOf(train, candidate, world);
  const giveUp: Obligation['giveUp'] = async ({ send }, error) =>
    void (await settled(
      send('refuse_candidate', {
        trainId,
        candidateId: candidate.candidateId,
        code: error.code,
        reason: `The merge could not be made: ${error.message}`,
        files: [],
        check: null,
      }),
    ));
  if (!merged)
    return [{ key: `merge:${turn}`, act: (hands) => merge(spec, candidate, workflow, hands), giveUp, cause }];
  return [{ key: `land:${turn}`, act: (hands) => land(spec, candidate, merged, workflow, hands), giveUp, cause }];
}

/** A train serves many runs: what it does for a candidate is told in that candidate's run. */
function causeOf(
  train: Entity<MergeTrain>,
  { taskId, workflowId }: Pick<Candidate, 'taskId' | 'workflowId'>,
  world: World,
): Pick<Entity, 'id' | 'last'> {
  const forWhom = world.tasks.get(taskId ?? '') ?? world.workflows.get(workflowId);
  const correlationId = forWhom?.last.correlationId ?? train.last.correlationId;
  return { id: forWhom?.id ?? train.id, last: { ...train.last, correlationId } };
}

/** The run that a candidate comes from; of a revert what is needed of it, since it may be over and forgotten. */
function runOf({ repositoryId, path, branch }: TrainSpec, candidate: Candidate, world: World): Workflow | undefined {
  const { revert, workflowId, commit } = candidate;
  if (!revert) return world.workflows.get(workflowId)?.context;
  const { check, baseline, baseCommit } = revert;
  const repository = { repositoryId, path, baseBranch: branch, baseCommit };
  const runBranch = `heph/revert-${commit.slice(0, 12)}`;
  return { ...noWorkflow(), workflowId, check, baseline, repository, runBranch };
}

function isUnwanted(candidate: Candidate, kind: TrainSpec['kind'], world: World): boolean {
  // Whoever takes delivered work out of a base branch wants that, whatever became of the run.
  if (candidate.revert && kind === 'base') return false;
  const workflow = world.workflows.get(candidate.workflowId);
  if (!workflow || isEndedWorkflow(workflow)) return true;
  if (candidate.taskId === null) return false;
  if (candidate.revert) return false;
  const task = world.tasks.get(candidate.taskId);
  return !task || isEndedTask(task) || task.context.attempt !== candidate.attempt;
}

async function merge(spec: TrainSpec, candidate: Candidate, workflow: Workflow, hands: Hands): Promise<void> {
  const { trainId, repositoryId } = spec;
  const { candidateId } = candidate;
  const branch = spec.kind === 'run' ? spec.branch : await baseInMirror(spec, workflow, hands);
  const result = await hands.runner.mergeCandidate({
    candidateId,
    repositoryId,
    branch,
    candidate: candidate.commit,
    message: candidate.message,
    ...(candidate.revert && { revertOf: candidate.revert.brought }),
  });
  const refusal = refusalOf(result, candidate, spec.branch);
  if (refusal) {
    await settled(hands.send('refuse_candidate', { trainId, candidateId, ...refusal, check: null }));
    return;
  }
  if (result.outcome !== 'merged' && result.outcome !== 'contained') return;
  const { onto, commit } = result;
  await settled(
    hands.send('record_merged', {
      trainId,
      candidateId,
      onto,
      commit,
      tree: result.outcome === 'merged' ? result.tree : commit,
    }),
  );
}

/** Why there is nothing that could be checked, or null. Nothing is ever resolved here: a conflict is somebody's work. */
function refusalOf(
  result: MergeResult,
  { commit, revert }: Candidate,
  branch: string,
): { code: string; reason: string; files: string[] } | null {
  const merge = commit.slice(0, 12);
  switch (result.outcome) {
    case 'merged':
      return null;
    case 'contained':
      if (!revert) return null;
      return { code: 'nothing_to_revert', reason: `Nothing of ${merge} is left in ${branch}.`, files: [] };
    case 'absent': {
      const reason = `${branch} does not hold ${merge} as the merge that it was: it was moved back, rewritten, or brought nothing.`;
      return { code: 'not_in_branch', reason, files: [] };
    }
    case 'conflict': {
      const where = result.files.join(', ');
      const reason = revert
        ? `It cannot be taken out by itself: what was merged after it changes the same places in ${where}.`
        : `It conflicts with what was merged meanwhile in ${where}. You have the branch as it is now; where these files hold conflict markers, resolve them so that both changes hold, else make the change again.`;
      return { code: 'merge_conflict', reason, files: result.files };
    }
  }
}

/** The user's base branch as it is now, under a name of ours in the mirror. */
async function baseInMirror(spec: TrainSpec, workflow: Workflow, { runner }: Hands): Promise<string> {
  const now = await runner.inspectRepository({ path: spec.path, branch: spec.branch, fromHead: true });
  const branch = `heph/base-${workflow.workflowId.slice(4)}-${now.baseCommit.slice(0, 12)}`;
  await runner.openRun({ repositoryId: spec.repositoryId, path: spec.path, commit: now.baseCommit, runBranch: branch });
  return branch;
}

async function land(
  spec: TrainSpec,
  candidate: Candidate,
  merged: { onto: string; commit: string; tree: string },
  workflow: Workflow,
  hands: Hands,
): Promise<void> {
  const { trainId } = spec;
  const { candidateId } = candidate;
  const { verdict, summary } = await judgeMerged(candidate, merged, workflow, hands);
  if (!verdict.pass) {
    const reason = `Merged with ${merged.onto.slice(0, 12)} it does not pass. ${verdict.text}`;
    await settled(
      hands.send('refuse_candidate', {
        trainId,
        candidateId,
        code: 'red_when_merged',
        reason,
        files: [],
        check: summary,
      }),
    );
    return;
  }
  // Cancelled while it was judged: no branch moves for it, and the train withdraws it.
  if (isUnwanted(candidate, spec.kind, hands.world)) return;
  const place =
    spec.kind === 'run' ? await moveRun(spec, merged, hands) : await moveBase(spec, merged, workflow, hands);
  if (place.base === 'again')
    await settled(hands.send('restart_merge', { trainId, candidateId, reason: place.reason }));
  else
    await settled(
      hands.send('land_candidate', { trainId, candidateId, base: place.base, reason: place.reason, check: summary }),
    );
}

/** A repository without a check has nothing to judge by; the merge alone decides then. */
async function judgeMerged(
  candidate: Candidate,
  merged: { commit: string; tree: string },
  workflow: Workflow,
  hands: Hands,
): Promise<{ verdict: Verdict; summary: CheckSummary | null }> {
  if (workflow.check === null)
    return { verdict: { pass: true, code: 'passed', text: 'There is no check.' }, summary: null };
  const { result, summary } = await runCheck(hands, workflow, merged.commit, ['tree', merged.tree]);
  const baseline = await readTests(hands.blobs, workflow.baseline);
  if (candidate.revert) return { verdict: judgeRevert(workflow.baseline, baseline, result), summary };
  const task = hands.world.tasks.get(candidate.taskId ?? '')?.context;
  const checks = task ? (task.spec.checks === 'none' ? 'own_failures' : task.spec.checks) : 'all';
  const question = { checks, own: ownFailures(task?.spec.inputs ?? {}), baseline } as const;
  return { verdict: judge({ ...question, testsMayGo: testsAreTheWork(task?.spec, workflow) }, result), summary };
}

/** What is taken out may be what made a test pass; so nothing is asked but that what passed before the run passes. */
function judgeRevert(before: CheckSummary | null, tests: TestOutcome[] | null, result: CheckResult): Verdict {
  const comparable = tests !== null && result.tests !== null;
  if (!comparable && before?.status === 'failed' && result.status === 'failed')
    return { pass: true, code: 'passed', text: 'It failed before the run, too.' };
  return judge({ checks: 'own_failures', own: [], baseline: tests }, result);
}

type Place = { base: 'moved' | 'left' | 'not_asked'; reason: string | null } | { base: 'again'; reason: string };

async function moveRun(spec: TrainSpec, merged: { onto: string; commit: string }, { runner }: Hands): Promise<Place> {
  const { moved, at } = await runner.moveBranch({
    repositoryId: spec.repositoryId,
    branch: spec.branch,
    from: merged.onto,
    to: merged.commit,
  });
  if (moved) return { base: 'moved', reason: null };
  if (at === null)
    throw new Fault('git.failed', `The branch ${spec.branch} is gone from the mirror.`, { retryable: false });
  return { base: 'again', reason: `The branch is at ${at.slice(0, 12)} now.` };
}

async function moveBase(
  spec: TrainSpec,
  merged: { onto: string; commit: string },
  workflow: Workflow,
  { runner }: Hands,
): Promise<Place> {
  const delivered = await runner.deliver({
    repositoryId: spec.repositoryId,
    path: spec.path,
    runBranch: workflow.runBranch,
    commit: merged.commit,
    base: { branch: spec.branch, from: merged.onto },
  });
  if (delivered.base === 'left') {
    const now = await runner.inspectRepository({ path: spec.path, branch: spec.branch, fromHead: true });
    if (now.baseCommit !== merged.onto)
      return { base: 'again', reason: `${spec.branch} is at ${now.baseCommit.slice(0, 12)} now.` };
  }
  return { base: delivered.base, reason: delivered.reason };
}
