import { hashOf } from '../kernel/canonical.ts';
import { Fault } from '../kernel/errors.ts';
import type { KeptTreeRecord, MutationSummary, Task } from '../machines/task/index.ts';
import type { Workflow } from '../machines/workflow/index.ts';
import type { MutationRequest, MutationResult } from '../runtime/mutation/mutation.ts';
import { describeMutation } from '../runtime/mutation/survivors-text.ts';
import type { CheckedRun } from './checking.ts';
import type { Hands } from './define-process.ts';
import type { Verdict } from './judge.ts';

/**
 * Would the tests have noticed, had the change been wrong? Asked of work whose checks pass, where its phase has
 * `survivors_max`; null where it has not, or nothing was changed. What cannot be measured is told and holds nothing up.
 */
export async function seekSurvivors(
  { spec }: Task,
  tree: KeptTreeRecord,
  workflow: Workflow,
  hands: Hands,
): Promise<(Verdict & { mutation: MutationSummary }) | null> {
  const survivorsMax = workflow.definition.phases.find(({ name }) => name === spec.phase)?.survivors_max;
  if (survivorsMax === undefined || tree.commit === null) return null;
  // Other tasks' failures are still red in this one's tree.
  const baseline = spec.checks === 'own_failures' ? 'passing_tests' : 'green';
  const { seed, result } = await mutateChange({ ...tree, commit: tree.commit }, baseline, workflow, hands);
  const resultHash = await hands.blobs.put(JSON.stringify(result));
  const mutation = summaryOf(result, { survivorsMax, seed, resultHash });
  const text = describeMutation(result);
  if (mutation.survived <= survivorsMax)
    return { pass: true, code: 'passed', text: text.split('\n', 1)[0] as string, mutation };
  const rule = `This phase allows ${survivorsMax} changes that no test notices. Add or sharpen tests, so that each of these fails one:`;
  return { pass: false, code: 'survivors', text: `${rule}\n${text}`, mutation };
}

/** The mutants of a change; the same change under the same check is measured once. */
export async function mutateChange(
  tree: Pick<KeptTreeRecord, 'base' | 'tree'> & { commit: string },
  baseline: MutationRequest['baseline'],
  run: CheckedRun,
  hands: Hands,
): Promise<{ seed: number; result: MutationResult }> {
  const command = run.tests ?? run.check;
  if (command === null)
    throw new Fault('check.failed_to_run', 'The workflow has no check to run.', { retryable: false });
  const key = hashOf(['mutate', run.workflowId, command, baseline, tree.base, tree.tree]);
  const seed = Number.parseInt(key.slice(0, 8), 16);
  const result = await hands.runner.mutate({
    ...{ key, seed, command, baseline, base: tree.base, commit: tree.commit },
    repositoryId: run.repository.repositoryId,
    budgetMs: hands.world.settings.limits.mutationMs,
    copyIgnored: { from: run.repository.path, globs: ['node_modules'] },
  });
  return { seed, result };
}

const NOTHING = { score: null, reason: null, mutants: 0, killed: 0, survived: 0, timedOut: 0, untested: 0 };

function summaryOf(
  result: MutationResult,
  about: Pick<MutationSummary, 'survivorsMax' | 'seed' | 'resultHash'>,
): MutationSummary {
  const { millis } = result;
  if (!result.measured) return { ...NOTHING, ...about, reason: result.reason, millis };
  const { score, mutants, killed, timedOut, untested } = result;
  const numbers = { score, mutants, killed, survived: result.survived.length, timedOut, untested };
  return { ...NOTHING, ...numbers, ...about, millis };
}
