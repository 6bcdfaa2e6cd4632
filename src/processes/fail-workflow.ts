import type { Delivery, Workflow } from '../machines/workflow/index.ts';
import type { Letter } from '../machines/correspondence.ts';
import { keepCorrespondence } from './correspondence.ts';
import { type Obligation, settled } from './define-process.ts';
import type { Entity } from './entity.ts';

/** A step that cannot be done ends the run, with what stood in its way. */
export const failOnGiveUp = (workflow: Entity<Workflow>, what: string): Pick<Obligation, 'giveUp'> => ({
  giveUp: async ({ send }, error) =>
    void (await settled(
      send('fail_workflow', {
        workflowId: workflow.id,
        code: error.code,
        reason: `${what}: ${error.message}`,
        delivery: null,
      }),
    )),
});

/** A run that cannot reach its goal still hands over what it has merged. */
export function failWorkflow(workflow: Entity<Workflow>, code: string, reason: string): Obligation {
  const { repository, runBranch } = workflow.context;
  return {
    key: `fail:${workflow.id}`,
    ...failOnGiveUp(workflow, reason),
    async act({ runner, send, blobs }) {
      const commit = await runner.readBranch({ repositoryId: repository.repositoryId, branch: runBranch });
      const holdsWork = commit !== null && commit !== repository.baseCommit;
      if (holdsWork)
        await runner.deliver({ repositoryId: repository.repositoryId, path: repository.path, runBranch, commit });
      const delivery: Delivery | null = holdsWork
        ? { runBranch, commit, baseBranch: repository.baseBranch, base: 'not_asked', reason }
        : null;
      const letters = rejectedSubmissions(workflow.context);
      const said = letters.length > 0 ? { correspondence: await keepCorrespondence(letters, blobs) } : {};
      await settled(send('fail_workflow', { workflowId: workflow.id, code, reason, delivery, ...said }));
    },
  };
}

/** Each submission that was rejected, as a letter; it counts as got when a phase was started to mend it. */
function rejectedSubmissions({ results }: Workflow): Letter[] {
  return results
    .filter(({ status }) => status === 'rejected')
    .map(({ submission, by, summary, commit, code, feedback, mended }) => ({
      ...{ round: submission, by, submitted: summary, commit },
      ...{ code: code ?? '', feedback: feedback ?? '', acknowledged: mended },
    }));
}
