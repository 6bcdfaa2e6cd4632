import { wordOf } from '../kernel/state-words.ts';
import { type BestOfN, ownRunIdOf, planVariants } from '../machines/best-of-n/index.ts';
import { runTrainOf } from '../machines/merge-train/index.ts';
import { bestOfNIdOf, bestOfNSpecOf, hasCandidates, type Task } from '../machines/task/index.ts';
import { candidateIdOf } from './base.ts';
import { closeCandidate, ofCandidates } from './building.ts';
import { type Obligation, type Process, type Said, settled } from './define-process.ts';
import { awaitsDrafts } from './drafting.ts';
import { type Entity, isEndedBestOfN, isEndedTask, isEndedWorkflow } from './entity.ts';
import type { World } from './world.ts';

/**
 * Several candidates for one task. The task that is to have the best of them (its parent, below) waits as the server's own
 * work does, each candidate is a task like every other, and the winner's tree becomes the parent's work: judged, reviewed
 * and merged as if an agent had left it. Who scores is told in `scoring.ts`; who wins is decided by the actor.
 *
 *   best-of-N:  planned → mutating → building → scoring → selected ─► merging → completed
 *   parent:     in_progress ───────────────────────────────┴─► blocked_on_validation → merging → done
 *   candidate:  queued → … → blocked_on_validation → done, its work kept and not merged
 *
 * Whatever ends one of the three ends the others. Work that comes back from the merge train or a reviewer opens a further
 * contest from where the branch stands then, in the parent's next round.
 */
export const bestOfN: Process = {
  name: 'best-of-n',
  concurrency: () => 8,
  obligations(entity, world, now) {
    if (entity.kind === 'bestOfN') return ofBestOfN(entity as Entity<BestOfN>, world, now);
    if (entity.kind !== 'task' || isEndedTask(entity)) return [];
    const task = entity as Entity<Task>;
    if (task.context.spec.candidate) return closeCandidate(task, world);
    return hasCandidates(task.context.spec) ? ofParent(task, world) : [];
  },
};

/** What the task owes that the candidates work for. */
function ofParent(task: Entity<Task>, world: World): Obligation[] {
  const { spec, attempt } = task.context;
  const bestOfNId = bestOfNIdOf(task.context);
  if (task.value !== 'in_progress' || bestOfNId === null) return [];
  const contest = world.bestOfNs.get(bestOfNId);
  switch (contest?.value) {
    case undefined:
      return [command(`begin:${bestOfNId}`, ['start_best_of_n_of_task', { ...bestOfNSpecOf(task.context) }])];
    case 'planned':
      return isActive(spec.workflowId, world) ? [beginAt(task, contest)] : [];
    case 'selected':
      return submitWinner(task, contest, world);
    case 'failed': {
      const { reason } = contest.context;
      return [command(`fail:${bestOfNId}`, ['fail_task', { taskId: task.id, code: 'none_passed', reason }])];
    }
    case 'cancelled': {
      const reason = `Its best-of-N was cancelled. ${contest.context.reason ?? ''}`.trim();
      return [command(`cancel:${bestOfNId}:${attempt}`, ['cancel_task', { taskId: task.id, reason }])];
    }
    default:
      return [];
  }
}

function command(key: string, said: Said): Obligation {
  return { key, light: true, act: async ({ send }) => void (await settled(send(...said))) };
}

/** Every candidate begins where the run's branch stands now. */
function beginAt(task: Entity<Task>, { id: bestOfNId }: Entity<BestOfN>): Obligation {
  const { workflowId, repositoryId } = task.context.spec;
  return {
    key: `mutate:${bestOfNId}`,
    async act({ world, runner, send }) {
      const workflow = world.workflows.get(workflowId)?.context;
      if (!workflow) return;
      const base = await runner.readBranch({ repositoryId, branch: workflow.runBranch });
      const at = { workflowId, taskId: task.id, base: base ?? workflow.repository.baseCommit };
      await settled(send('start_mutating', { bestOfNId, ...at }));
    },
    ...failOnGiveUp(bestOfNId, 'The candidates could not be begun'),
  };
}

function submitWinner(task: Entity<Task>, contest: Entity<BestOfN>, world: World): Obligation[] {
  const { verdict, candidates } = contest.context;
  const winner = candidates[verdict?.winner ?? -1];
  const built = world.tasks.get(winner?.taskId ?? '')?.context;
  if (!verdict || !winner || !built?.tree) return [];
  const summary = [`Variant ${winner.index} of ${candidates.length}. ${verdict.words}`, built.submitted?.summary]
    .filter(Boolean)
    .join('\n\n');
  const { attempt } = task.context;
  return [command(`submit:${contest.id}`, ['submit_winner', { taskId: task.id, attempt, summary, tree: built.tree }])];
}

function ofBestOfN(contest: Entity<BestOfN>, world: World, now: number): Obligation[] {
  if (isEndedBestOfN(contest)) return contest.value === 'cancelled' ? cancelRun(contest, world) : [];
  const unwanted = reasonToCancel(contest, world);
  if (unwanted !== null)
    return [command(`drop:${contest.id}`, ['cancel_best_of_n', { bestOfNId: contest.id, reason: unwanted }])];
  switch (contest.value) {
    case 'planned':
      return openRun(contest, world);
    case 'mutating':
      return isActive(contest.context.workflowId ?? '', world) && !awaitsDrafts(contest.context, world.settings)
        ? [plan(contest)]
        : [];
    case 'building':
      return ofCandidates(contest, world, now);
    case 'selected':
    case 'merging':
      return followWinner(contest, world);
    default:
      return [];
  }
}

/** One that was started for itself gets a run of its own, once. */
function openRun({ id, context }: Entity<BestOfN>, world: World): Obligation[] {
  if (context.spec?.taskId !== undefined || world.workflows.has(ownRunIdOf(id))) return [];
  return [
    {
      ...command(`run:${id}`, ['start_best_of_n_run', { bestOfNId: id }]),
      ...failOnGiveUp(id, 'Its run could not be started'),
    },
  ];
}

/** Nobody waits for its winner any more. */
function reasonToCancel({ id, context }: Entity<BestOfN>, world: World): string | null {
  const run = world.workflows.get(context.workflowId ?? ownRunIdOf(id));
  if (run && isEndedWorkflow(run)) return `Its run is ${run.value}.`;
  const parentId = context.taskId ?? context.spec?.taskId;
  if (parentId === undefined) return null;
  const parent = world.tasks.get(parentId);
  if (!parent) return 'The task that it was to work for is not known any more.';
  // What becomes of a winner is told by how the task ended; see below.
  if (context.verdict) return parent.value === 'cancelled' || parent.value === 'duplicated' ? endOf(parent) : null;
  const waits = parent.value === 'in_progress' && bestOfNIdOf(parent.context) === id;
  return waits ? null : endOf(parent);
}

function endOf(parent: Entity<Task>): string {
  return `The task that it was to work for is ${wordOf(parent.value)}.`;
}

/** The run of one that was started for itself has no other purpose. */
function cancelRun({ id, context }: Entity<BestOfN>, world: World): Obligation[] {
  const run = world.workflows.get(ownRunIdOf(id));
  if (!run || isEndedWorkflow(run)) return [];
  const reason = `Its best-of-N was cancelled. ${context.reason ?? ''}`.trim();
  return [command(`cancel-run:${id}`, ['cancel_workflow', { workflowId: run.id, reason }])];
}

function plan({ id: bestOfNId, context }: Entity<BestOfN>): Obligation {
  const { candidates } = context;
  return {
    key: `plan:${bestOfNId}:${candidates.length}`,
    async act({ clock, send }) {
      if (!context.spec) return;
      const begun = clock.monotonicMs();
      const variants = planVariants(context.spec, context.drafting);
      const mutateMs = (clock.monotonicMs() - begun) / variants.length;
      for (const variant of variants.slice(candidates.length))
        await settled(send('record_variant', { bestOfNId, ...variant, mutateMs }, String(variant.index)));
    },
    ...failOnGiveUp(bestOfNId, 'Its variants could not be made'),
  };
}

/** From the merge train to the end, as the task has it whose work the winner is. */
function followWinner({ id: bestOfNId, context }: Entity<BestOfN>, world: World): Obligation[] {
  const parent = world.tasks.get(context.taskId ?? '');
  const run = world.workflows.get(context.workflowId ?? '');
  if (!parent || !run) return [];
  const { attempt, merged, code, reason, feedback } = parent.context;
  const isCurrent = bestOfNIdOf(parent.context) === bestOfNId;
  const { trainId } = runTrainOf(run.context);
  const sent: Said[] = context.sent
    ? []
    : [['record_winner_sent', { bestOfNId, trainId, candidateId: candidateIdOf(parent.id, attempt) }]];
  if (isCurrent && parent.value === 'merging') return sent.map((said) => command(`sent:${bestOfNId}`, said));
  if (isCurrent && parent.value === 'done') {
    const words = `Variant ${context.verdict?.winner} is merged into ${run.context.runBranch}.`;
    return [inTurn(`complete:${bestOfNId}`, [...sent, ['complete_best_of_n', { bestOfNId, commit: merged, words }]])];
  }
  const waits = ['in_progress', 'blocked_on_validation'].includes(parent.value);
  if (isCurrent && waits) return [];
  const why = `The winner was not taken: ${feedback ?? reason ?? endOf(parent)}`;
  return [command(`fail:${bestOfNId}`, ['fail_best_of_n', { bestOfNId, code: code ?? 'not_merged', reason: why }])];
}

function inTurn(key: string, commands: Said[]): Obligation {
  return {
    key,
    light: true,
    async act({ send }) {
      for (const said of commands) await settled(send(...said));
    },
  };
}

function isActive(workflowId: string, world: World): boolean {
  return world.workflows.get(workflowId)?.value === 'active';
}

function failOnGiveUp(bestOfNId: string, what: string): Pick<Obligation, 'giveUp'> {
  return {
    giveUp: async ({ send }, error) =>
      void (await settled(
        send('fail_best_of_n', { bestOfNId, code: error.code, reason: `${what}: ${error.message}` }),
      )),
  };
}
