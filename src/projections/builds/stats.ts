import type { BuildLine, RunLine } from './state.ts';

export const GROUPS = ['agent', 'model', 'mutator'] as const;
export type Group = (typeof GROUPS)[number];

/** What became of the builds that have something in common. Rates are null where nothing was there to count. */
export interface Stats {
  by: Group;
  key: string;
  builds: number;
  passed: number;
  failed: number;
  died: number;
  withdrawn: number;
  /** Of those that ended by themselves. */
  passRate: number | null;
  /** Runs that it took part in. */
  runs: number;
  /** Those of them that had a winner. */
  decided: number;
  won: number;
  winRate: number | null;
  /** How much worse, on average, the winner would have been with these builds alone: 0 to 1 in totals. */
  regret: number | null;
  /** Null when no agent said what it has cost. */
  costUsd: number | null;
  /** Builds that ended without a word on their cost. */
  costUnknown: number;
  /** The mean of those that ended. */
  buildMs: number | null;
}

/** By each agent, model or mutator over all runs, by the first verdicts; the best win rate first. */
export function statsBy(by: Group, runs: Iterable<RunLine>): Stats[] {
  const tallies = new Map<string, Tally>();
  for (const run of runs) {
    for (const [key, builds] of grouped(by, run.builds)) {
      const tally = tallies.get(key) ?? newTally();
      tallies.set(key, tally);
      count(tally, run, builds);
    }
  }
  return [...tallies].map(([key, tally]) => summed(by, key, tally)).sort(compare);
}

interface Tally {
  builds: BuildLine[];
  runs: number;
  decided: number;
  won: number;
  regrets: number[];
}

const newTally = (): Tally => ({ builds: [], runs: 0, decided: 0, won: 0, regrets: [] });

/** A build that several mutators made counts for each of them. */
function grouped(by: Group, builds: readonly BuildLine[]): Map<string, BuildLine[]> {
  const groups = new Map<string, BuildLine[]>();
  for (const build of builds) for (const key of keysOf(by, build)) groups.set(key, [...(groups.get(key) ?? []), build]);
  return groups;
}

function keysOf(by: Group, { agent, model, mutators }: BuildLine): readonly string[] {
  switch (by) {
    case 'agent':
      return [agent];
    case 'model':
      return [`${agent} with ${model ?? 'its own model'}`];
    case 'mutator':
      return mutators.length > 0 ? mutators : ['as given'];
  }
}

function count(tally: Tally, { verdict, builds: all }: RunLine, builds: readonly BuildLine[]): void {
  tally.runs += 1;
  tally.builds.push(...builds);
  if (!verdict) return;
  tally.decided += 1;
  if (builds.some(({ index }) => index === verdict.winner)) tally.won += 1;
  // What a withdrawn build would have come to is not known.
  const ended = builds.filter(({ outcome }) => outcome !== 'withdrawn');
  if (ended.length === 0) return;
  const best = all[verdict.winner]?.total ?? 0;
  const own = Math.max(0, ...ended.map(({ outcome, total }) => (outcome === 'passed' ? (total ?? 0) : 0)));
  tally.regrets.push(best - own);
}

function summed(by: Group, key: string, { builds, runs, decided, won, regrets }: Tally): Stats {
  const having = (outcome: BuildLine['outcome']) => builds.filter((build) => build.outcome === outcome).length;
  const [passed, failed, died, withdrawn] = [having('passed'), having('failed'), having('died'), having('withdrawn')];
  const over = builds.filter(({ outcome }) => outcome !== null);
  const costs = over.flatMap(({ costUsd }) => (costUsd === null ? [] : [costUsd]));
  const ended = over.filter(({ outcome }) => outcome !== 'withdrawn');
  return {
    ...{ by, key, builds: builds.length, passed, failed, died, withdrawn },
    passRate: share(passed, passed + failed + died),
    ...{ runs, decided, won },
    winRate: share(won, decided),
    regret: mean(regrets),
    costUsd: costs.length === 0 ? null : rounded(sum(costs)),
    costUnknown: over.length - costs.length,
    buildMs: mean(ended.map(({ buildMs }) => buildMs)),
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
const share = (part: number, whole: number) => (whole === 0 ? null : rounded(part / whole));
const mean = (numbers: readonly number[]) => (numbers.length === 0 ? null : rounded(sum(numbers) / numbers.length));
const rounded = (value: number) => Math.round(value * 1e6) / 1e6;

function compare(a: Stats, b: Stats): number {
  return (b.winRate ?? -1) - (a.winRate ?? -1) || b.builds - a.builds || (a.key < b.key ? -1 : 1);
}
