import { SERVER } from '../../src/commands/index.ts';
import { isFailure } from '../../src/kernel/errors.ts';
import type { BestOfN } from '../../src/machines/best-of-n/index.ts';
import type { TestSystem } from './system.ts';

/** Scores whatever is to be scored, without looking at it: `valueOf` says what a variant is worth by every scorer. */
export function judge(system: TestSystem, valueOf: (index: number) => number = () => 0.5) {
  const abort = new AbortController();
  const done = (async () => {
    for await (const item of system.store.subscribe({ signal: abort.signal })) {
      if (item.kind !== 'events') continue;
      for (const { type, stream } of item.events)
        if (type === 'ScoringStarted') await scoreAll(system, stream.slice('bestOfN-'.length), valueOf);
    }
  })().catch(() => undefined);
  return {
    async stop() {
      abort.abort();
      await done;
    },
  };
}

async function scoreAll(system: TestSystem, bestOfNId: string, valueOf: (index: number) => number): Promise<void> {
  const { context, value } = await system.host.read<BestOfN>('bestOfN', bestOfNId);
  if (value !== 'scoring' || !context.spec) return;
  const scorers = Object.keys(context.spec.weights);
  for (const { index, end, scores } of context.candidates) {
    if (end?.outcome !== 'passed' || scores) continue;
    const given = scorers.map((scorer) => ({ scorer, value: valueOf(index), words: 'As told.', evidence: null }));
    const answer = await system.bus.execute({
      name: 'record_scores',
      input: { bestOfNId, index, scores: given, judgeMs: 1 },
      principal: SERVER,
      idempotencyKey: `${bestOfNId}:${index}`,
    });
    if (isFailure(answer)) throw new Error(answer.message);
  }
}
