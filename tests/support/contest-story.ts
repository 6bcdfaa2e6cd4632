import { type BestOfNSpec, type BuildEnd, mutate, type Score } from '../../src/machines/best-of-n/index.ts';
import { buildEnd, contest, contestScores } from './examples.ts';
import type { Story } from './story.ts';

/** The steps of a best-of-N, each a command that the system would send. */
export function contests(story: Story) {
  const steps = {
    /** Started and in a run of its own. */
    begin(differs: Partial<BestOfNSpec> = {}): string {
      const bestOfNId = story.id('bon');
      story.send('start_best_of_n', { ...contest({ ...differs, bestOfNId }) });
      return bestOfNId;
    },
    /** Every variant planned. */
    plan(bestOfNId: string, workflowId = story.id('wfl')): string {
      story.send('start_mutating', { bestOfNId, workflowId });
      const spec = steps.spec(bestOfNId);
      for (const variant of mutate(spec))
        story.send('record_variant', { bestOfNId, ...variant, mutateMs: 2, modelMs: 0 });
      return workflowId;
    },
    build(bestOfNId: string, index: number): string {
      const taskId = story.id('tsk');
      story.send('record_build_started', { bestOfNId, index, taskId });
      return taskId;
    },
    end(bestOfNId: string, index: number, differs: Partial<BuildEnd> = {}): void {
      story.send('record_build_ended', { bestOfNId, ...buildEnd(index, differs) });
    },
    score(bestOfNId: string, index: number, scores: number | Score[]): void {
      const given = typeof scores === 'number' ? contestScores(scores) : scores;
      story.send('record_scores', { bestOfNId, index, scores: given, judgeMs: 7 });
    },
    /** All of it, up to the verdict: a value of the tests for who passed, null for who did not. */
    judged(differs: Partial<BestOfNSpec>, tests: readonly (number | null)[]): string {
      const bestOfNId = steps.begin({ n: tests.length, ...differs });
      steps.plan(bestOfNId);
      tests.forEach((_value, index) => steps.build(bestOfNId, index));
      tests.forEach((value, index) => steps.end(bestOfNId, index, value === null ? { outcome: 'failed' } : {}));
      tests.forEach((value, index) => value !== null && steps.score(bestOfNId, index, value));
      return bestOfNId;
    },
    complete(bestOfNId: string): void {
      story.send('record_winner_sent', { bestOfNId, trainId: 'mtr_base', candidateId: 'cnd_1' });
      story.send('complete_best_of_n', { bestOfNId, commit: 'm1', words: 'It is merged.' });
    },
    spec(bestOfNId: string): BestOfNSpec {
      return (story.actor(`bestOfN-${bestOfNId}`).context as { spec: BestOfNSpec }).spec;
    },
  };
  return steps;
}
