import {
  type Ancestor,
  type BestOfN,
  type BestOfNCandidate,
  type BestOfNSpec,
  judgeable,
  type Judgement,
  openRescoring,
  recordOf,
  RELATIVE_SCORERS,
  type Rescoring,
  type Score,
  scorersOf,
} from '../machines/best-of-n/index.ts';
import { type Contest, contestOf, type Work, workOf } from './contest.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import type { Entity } from './entity.ts';
import { createSubject, judgeAll, judgeByRecord, type Subject } from './measuring.ts';
import type { World } from './world.ts';

/**
 * Which was the best? Each candidate that passed is measured by the scorers that count; the actor weighs what they say.
 * Who has ended is judged while others are still built, unless a scorer compares them with each other: so the judges have no
 * queue in the end, and it is seen early where the outcome cannot change any more. Past candidates are judged again in the same way, with other weights, scorers or tests, and no agent runs.
 */
export const scoring: Process = {
  name: 'scoring',
  concurrency: (world) => world.settings.limits.checksAtOnce,
  obligations(entity, world) {
    if (entity.kind !== 'bestOfN') return [];
    const bestOfN = entity as Entity<BestOfN>;
    const { spec } = bestOfN.context;
    if (!spec) return [];
    const rescoring = openRescoring(bestOfN.context);
    if (rescoring) return rescore(bestOfN, spec, rescoring, world);
    if (bestOfN.value !== 'scoring' && !judgesMeanwhile(bestOfN.value, spec)) return [];
    const contest = contestOf(bestOfN.context, spec, null);
    return contest.peers
      .filter(({ candidate }) => candidate.scores === null)
      .map((work) => score(bestOfN, work, contest, world));
  },
};

function judgesMeanwhile(value: string, { weights }: BestOfNSpec): boolean {
  return value === 'building' && !scorersOf(weights).some((scorer) => RELATIVE_SCORERS.includes(scorer));
}

function score(bestOfN: Entity<BestOfN>, work: Work, contest: Contest, world: World): Obligation {
  const ancestors = ancestorsOf(bestOfN, world);
  const report = async (hands: Hands, judgements: readonly Judgement[], judgeMs: number) => {
    const scores = await recorded(judgements, hands);
    await settled(hands.send('record_scores', { bestOfNId: bestOfN.id, index: work.index, scores, judgeMs }));
  };
  return {
    key: `score:${bestOfN.id}:${work.index}`,
    async act(hands) {
      const { answer, millis } = await timed(hands, () => judgeAll(createSubject({ work, contest, ancestors, hands })));
      await report(hands, answer, millis);
    },
    // A candidate whose judges cannot be asked has not lost by that what is known of it.
    giveUp: (hands, error) =>
      report(hands, judgeByRecord(createSubject({ work, contest, ancestors, hands }), error.message), 0),
  };
}

function rescore(bestOfN: Entity<BestOfN>, spec: BestOfNSpec, rescoring: Rescoring, world: World): Obligation[] {
  const { verdict, rescored } = rescoring;
  const contest = contestOf(bestOfN.context, spec, rescoring);
  const ancestors = ancestorsOf(bestOfN, world);
  return judgeable(bestOfN.context)
    .filter(({ index }) => !rescored.some((one) => one.index === index))
    .map((candidate) => ({
      key: `rescore:${bestOfN.id}:${verdict}:${candidate.index}`,
      act: (hands) => judgeAgain(candidate, { bestOfN, spec, rescoring, contest, ancestors }, hands),
      async giveUp({ send }, error) {
        const reason = `Variant ${candidate.index} cannot be judged again: ${error.message}`.slice(0, 2_000);
        await settled(send('abandon_rescoring', { bestOfNId: bestOfN.id, verdict, reason }));
      },
    }));
}

interface Again {
  bestOfN: Entity<BestOfN>;
  spec: BestOfNSpec;
  rescoring: Rescoring;
  contest: Contest;
  ancestors: readonly Ancestor[];
}

async function judgeAgain(candidate: BestOfNCandidate, again: Again, hands: Hands): Promise<void> {
  const { bestOfN, spec, rescoring, contest, ancestors } = again;
  const work = workOf(candidate);
  if (!work) return;
  const subject = createSubject({ work, contest, ancestors, hands });
  const { answer, millis } = await timed(hands, async () => {
    const { repositoryId, path } = spec.repository;
    // Judges that nobody has asked before are still in the user's repository alone.
    if (rescoring.judges !== undefined) await hands.runner.openRun({ repositoryId, path, commit: rescoring.judges });
    const passed = await passes(subject, rescoring);
    return { passed, scores: await recorded(await judgeAll(subject), hands) };
  });
  const input = { bestOfNId: bestOfN.id, verdict: rescoring.verdict, index: work.index, judgeMs: millis, ...answer };
  await settled(hands.send('record_rescore', input));
}

/** Another check or another judge says anew who passes; else it stands. */
async function passes(subject: Subject, { check, judges }: Rescoring): Promise<boolean> {
  if (check === null && judges === undefined) return subject.work.end.outcome === 'passed';
  return (await subject.trusted()).result.status === 'passed';
}

const ANCESTORS_MAX = 20;

/** Who had won on the same repository when this one began, the last first. */
function ancestorsOf({ context: { spec, startedAt } }: Entity<BestOfN>, world: World): Ancestor[] {
  return [...world.bestOfNs.values()]
    .filter(({ context }) => context.endedAt !== null && context.endedAt <= startedAt)
    .sort((a, b) => b.began - a.began)
    .flatMap(({ id, context }) => {
      const winner = context.candidates[context.verdict?.winner ?? -1];
      const here = context.spec?.repository.repositoryId === spec?.repository.repositoryId;
      return winner && here ? [{ bestOfNId: id, index: winner.index, parameters: winner.directive.parameters }] : [];
    })
    .slice(0, ANCESTORS_MAX);
}

/** What stands in the log of each judgement; what it rests on is a blob. */
async function recorded(judgements: readonly Judgement[], { blobs }: Hands): Promise<Score[]> {
  const scores: Score[] = [];
  for (const { score, blob } of judgements.map(recordOf)) {
    if (blob !== null) await blobs.put(blob);
    scores.push({ ...score, words: score.words.slice(0, 2_000) });
  }
  return scores;
}

async function timed<T>({ clock }: Hands, act: () => Promise<T>): Promise<{ answer: T; millis: number }> {
  const startedAt = clock.monotonicMs();
  const answer = await act();
  return { answer, millis: Math.round(clock.monotonicMs() - startedAt) };
}
