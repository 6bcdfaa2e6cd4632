import type { Hands } from '../../worktrees/hands.ts';
import type { MutationResult, SurvivingMutant } from '../mutation.ts';
import type { PlannedMutant } from './mutants-of-file.ts';
import type { Plan } from './plan.ts';
import { type Scene, withEdits } from './scene.ts';
import type { Tester, Verdict } from './tester.ts';

/** A mutant may take this much longer than the unchanged check before it counts as one that never ends. */
const PATIENCE = 4;
const PATIENCE_MS_MIN = 5_000;

export const NO_TIME = 'the time budget ended before a single mutant was tried';

type Outcome = Verdict | 'untested';
type Measured =
  | Omit<Extract<MutationResult, { measured: true }>, 'unmeasured' | 'millis'>
  | { measured: false; reason: string };

/** Tries the mutants one after another, until all were tried or it is `deadlineMs` by the monotonic clock. */
export async function measure(
  hands: Pick<Hands, 'clock' | 'random'>,
  { mutants, checkout, texts }: Plan & Pick<Scene, 'checkout'>,
  tester: Tester,
  deadlineMs: number,
): Promise<Measured> {
  const leftMs = () => Math.floor(deadlineMs - hands.clock.monotonicMs());
  const baseline = await tester.baseline(Math.max(1, leftMs()));
  if (!baseline.fit) return { measured: false, reason: baseline.reason };
  const patienceMs = Math.max(PATIENCE_MS_MIN, baseline.durationMs * PATIENCE);

  const attempt = async (some: readonly PlannedMutant[], files: readonly string[] | null): Promise<Outcome> => {
    const left = leftMs();
    if (left <= 0) return 'untested';
    const verdict = await withEdits(hands, { checkout, texts }, some, () =>
      tester.run(files, Math.min(left, patienceMs)),
    );
    // Cut off by the budget: nobody knows what it would have said.
    return verdict === 'timed_out' && left < patienceMs ? 'untested' : verdict;
  };
  const judge = async (mutant: PlannedMutant): Promise<Outcome> => {
    const files = tester.witnesses(mutant);
    const first = files?.length ? await attempt([mutant], files) : 'unnoticed';
    // Whatever passes the tests that were seen to run the place may be noticed by one that runs it in another process.
    return first === 'unnoticed' ? attempt([mutant], null) : first;
  };

  const outcomes = new Map<PlannedMutant, Outcome>();
  const unseen = mutants.filter((mutant) => tester.witnesses(mutant)?.length === 0);
  // All that nothing was seen to run at once: if the check passes even so, it needs no run of its own for each.
  if (unseen.length > 0 && (await attempt(apart(unseen), null)) === 'unnoticed')
    for (const mutant of unseen) outcomes.set(mutant, 'unnoticed');
  for (const mutant of mutants) if (!outcomes.has(mutant)) outcomes.set(mutant, await judge(mutant));
  return score(outcomes, new Set(unseen));
}

/** As many of the mutants as do not overlap in their files. */
function apart(mutants: readonly PlannedMutant[]): PlannedMutant[] {
  const ends = new Map<string, number>();
  return [...mutants]
    .sort(byPlace)
    .filter(({ file, edit }) => edit.start > (ends.get(file) ?? -1) && ends.set(file, Math.max(edit.start, edit.end)));
}

function byPlace(a: PlannedMutant, b: PlannedMutant): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.edit.start - b.edit.start || a.edit.end - b.edit.end;
}

function score(outcomes: ReadonlyMap<PlannedMutant, Outcome>, unseen: ReadonlySet<PlannedMutant>): Measured {
  const number = (outcome: Outcome) => [...outcomes.values()].filter((one) => one === outcome).length;
  const [killed, timedOut, untested] = [number('noticed'), number('timed_out'), number('untested')];
  const tried = outcomes.size - untested;
  if (tried === 0) return { measured: false, reason: NO_TIME };
  const survived = [...outcomes.keys()].filter((mutant) => outcomes.get(mutant) === 'unnoticed').sort(byPlace);
  return {
    measured: true,
    mutants: outcomes.size,
    killed,
    survived: survived.map((mutant) => toSurvivor(mutant, !unseen.has(mutant))),
    timedOut,
    untested,
    score: (killed + timedOut) / tried,
  };
}

const toSurvivor = ({ edit: _edit, ...mutant }: PlannedMutant, ran: boolean): SurvivingMutant => ({ ...mutant, ran });
