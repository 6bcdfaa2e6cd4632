import { hashOf } from '../kernel/canonical.ts';
import { deriveId } from '../kernel/ids.ts';
import type { Candidate, TrainSpec } from '../machines/merge-train/index.ts';
import type { TaskSpec } from '../machines/task/index.ts';
import { definitionSchema } from '../machines/workflow/index.ts';
import { type Hands, settled } from './define-process.ts';
import { isEndedWorkflow } from './entity.ts';
import type { World } from './world.ts';

/**
 * A revert that conflicts is work, as any other conflict is: an agent gets a worktree on the branch as it is, in which the
 * merge is undone, with git's markers where later work stands in the way. Out of a branch of ours it is a task of the run
 * itself; out of the user's base branch, where the run is over, a run of its own. Either way what becomes of it is
 * judged, and merged through the same train.
 */
const HOW =
  'In your worktree the merge that is named in your task is undone already, on the branch as it is now. Where later work changed the same lines, the files hold git’s conflict markers: above the line of equal signs the branch as it is, below it what stood there before the merge. Resolve each of them so that the later work stays and the merged work is gone.';

const DEFINITION = definitionSchema.parse({
  name: 'revert',
  title: 'Take work out again',
  phases: [
    {
      name: 'resolve',
      goal: 'The work is out of the branch, and what came after it stands.',
      role: 'fix',
      starts_with: 'one_task',
      checks: 'own_failures',
      tests: 'work',
      done: [
        'No conflict marker is left in any file.',
        'Nothing is left of what is to be taken out, its tests included.',
        'Everything that was merged after it still does what it did.',
      ],
      instructions: HOW,
    },
  ],
});

/** Who has it by now, if somebody does; found again after a crash. */
function heldBy(candidateId: string, world: World): { workflowId: string; taskId: string | null } | null {
  const runId = runIdOf(candidateId);
  if (world.workflows.has(runId)) return { workflowId: runId, taskId: null };
  const task = world.tasks.get(taskIdOf(candidateId));
  return task ? { workflowId: task.context.spec.workflowId, taskId: task.id } : null;
}

const runIdOf = (candidateId: string) => deriveId('wfl', [candidateId, 'revert'], candidateId);
const taskIdOf = (candidateId: string) => deriveId('tsk', [candidateId, 'revert'], candidateId);

/** False where nobody can take it: it is refused then. */
export async function handOver(
  spec: TrainSpec,
  candidate: Candidate,
  files: readonly string[],
  hands: Hands,
): Promise<boolean> {
  const { candidateId } = candidate;
  const held = heldBy(candidateId, hands.world) ?? (await give(spec, candidate, files, hands));
  if (!held) return false;
  await settled(hands.send('hand_over_revert', { trainId: spec.trainId, candidateId, ...held, files }));
  return true;
}

function give(spec: TrainSpec, candidate: Candidate, files: readonly string[], hands: Hands) {
  const agent = candidate.revert?.agent;
  if (agent === undefined) return null;
  return spec.kind === 'run' ? giveTask(candidate, agent, files, hands) : giveRun(spec, candidate, agent, files, hands);
}

async function giveTask(candidate: Candidate, agent: string, files: readonly string[], { world, send }: Hands) {
  const workflow = world.workflows.get(candidate.workflowId);
  const undone = world.tasks.get(candidate.taskId ?? '')?.context.spec;
  if (!workflow || isEndedWorkflow(workflow) || !undone) return null;
  const {
    phaseRuns: _queued,
    candidates: _several,
    candidate: _one,
    review: _judges,
    model: _own,
    ...inherited
  } = undone;
  const taskId = taskIdOf(candidate.candidateId);
  const task: TaskSpec = {
    ...inherited,
    taskId,
    role: 'fix',
    title: `Take out: ${undone.title}`.slice(0, 300),
    description: `${wordsFor(candidate, workflow.context.runBranch, files)}\n\n${HOW}`,
    inputs: { merge: candidate.commit, conflicts: files },
    agent,
    checks: 'own_failures',
    changes: 'required',
    parentTaskId: undone.taskId,
    createdBy: 'process:merging',
    takesOut: { commit: candidate.commit },
  };
  await settled(send('create_revert', { ...task }));
  return { workflowId: candidate.workflowId, taskId };
}

async function giveRun(
  { repositoryId, path, branch }: TrainSpec,
  candidate: Candidate,
  agent: string,
  files: readonly string[],
  { world, runner, send }: Hands,
) {
  const { candidateId, commit, revert } = candidate;
  const workflowId = runIdOf(candidateId);
  const { baseCommit } = await runner.inspectRepository({ path, branch, fromHead: true });
  await settled(
    send('start_revert_run', {
      ...{ workflowId, definition: DEFINITION, definitionHash: hashOf(DEFINITION), params: {}, agent, merge: true },
      goal: wordsFor(candidate, branch, files),
      repository: { repositoryId, path, baseBranch: branch, baseCommit },
      runBranch: `heph/run-${workflowId.slice(4)}`,
      check: revert?.check ?? null,
      takesOut: { candidateId, commit, baseline: revert?.baseline ?? null },
      ...(world.runnerId !== null && { runnerId: world.runnerId }),
    }),
  );
  return { workflowId, taskId: null };
}

function wordsFor({ commit, message, revert }: Candidate, branch: string, files: readonly string[]): string {
  const why = revert?.reason ? ` ${revert.reason}` : '';
  const what = message.split('\n')[0]?.replace(/^Revert: /, '') ?? '';
  return `Take the merge ${commit.slice(0, 12)} (${what}) out of ${branch} again.${why}\n\nIt does not come out by itself: later work changes the same places in ${files.join(', ')}.`;
}
