import { baseTrainOf } from '../machines/merge-train/index.ts';
import type { Delivery, Workflow } from '../machines/workflow/index.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import { failOnGiveUp } from './fail-workflow.ts';
import { holds } from './candidates.ts';
import type { Entity } from './entity.ts';
import type { World } from './world.ts';

/**
 * From a green run to the user's repository: its branch, and through the base branch's own train the base branch, where
 * that disturbs nothing. What is left to do by hand is said in the delivery.
 */
export const delivering: Process = {
  name: 'delivering',
  concurrency: () => 4,
  obligations(entity, world) {
    if (entity.kind !== 'workflow' || entity.value !== 'active') return [];
    const workflow = entity as Entity<Workflow>;
    return workflow.context.delivering ? deliver(workflow, world) : [];
  },
};

function deliver(workflow: Entity<Workflow>, world: World): Obligation[] {
  const { context } = workflow;
  const commit = context.delivering?.commit as string;
  const deliveredBy = (base: Delivery['base'], reason: string | null): Delivery => ({
    runBranch: context.runBranch,
    commit,
    baseBranch: context.repository.baseBranch,
    base,
    reason,
  });
  const finish = (act: (hands: Hands) => Promise<Delivery>): Obligation => ({
    key: `finish:${workflow.id}`,
    ...failOnGiveUp(workflow, 'The result could not be delivered'),
    async act(hands) {
      const delivery = await act(hands);
      await settled(
        hands.send('complete_workflow', { workflowId: workflow.id, delivery, summary: summaryOf(workflow, world) }),
      );
    },
  });
  if (!context.merge) {
    return [
      finish(async ({ runner }) => {
        await runner.deliver({
          repositoryId: context.repository.repositoryId,
          path: context.repository.path,
          runBranch: context.runBranch,
          commit,
        });
        return deliveredBy('not_asked', null);
      }),
    ];
  }
  const candidateId = `${workflow.id}-base`;
  const end = world.candidates.get(candidateId);
  if (!end) {
    const train = baseTrainOf(context);
    if (holds(world.trains.get(train.trainId), candidateId)) return [];
    const message = `Merge ${context.runBranch}: ${context.goal.split('\n')[0]}\n\nRun: ${workflow.id}\n`;
    const candidate = { candidateId, workflowId: workflow.id, taskId: null, attempt: 1, commit, message };
    return [
      {
        key: `queue:${candidateId}`,
        act: async ({ send }) =>
          void (await settled(send('queue_candidate', { trainId: train.trainId, train, candidate }))),
      },
    ];
  }
  return [
    finish(async ({ runner }) => {
      if (end.outcome === 'landed') return { ...deliveredBy(end.base, end.reason), commit: end.commit };
      await runner.deliver({
        repositoryId: context.repository.repositoryId,
        path: context.repository.path,
        runBranch: context.runBranch,
        commit,
      });
      return deliveredBy('left', end.outcome === 'refused' ? end.reason : 'The merge was withdrawn.');
    }),
  ];
}

/** What the run has done, in a line. */
export function summaryOf(workflow: Entity<Workflow>, world: World): string {
  const tasks = world.tasksOf(workflow.id);
  const merged = tasks.filter((task) => task.context.merged !== null).length;
  const failed = tasks.filter((task) => task.value === 'failed').length;
  return `${tasks.length} tasks, ${merged} merged${failed > 0 ? `, ${failed} failed` : ''}.`;
}
