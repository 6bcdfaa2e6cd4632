import { HISTORY_LIMITS } from '../../src/actors/history.ts';
import { createChance } from './chance.ts';

/** What a seed expands to; printed with every failure. Times in virtual ms, rates as probabilities. */
export interface Options {
  seed: number;
  workflows: number;
  bugs: number;
  /** Two bugs whose fixes touch the same lines. */
  conflicting: boolean;
  cap: number;
  attemptsMax: number;
  /** How long faults last. */
  safetyMs: number;
  /** Kill −9 at an append or an effect. */
  crashRate: number;
  /** Kill −9 at any moment, so many times. */
  crashes: number;
  /** Stopped in good order and started again, so many times. */
  restarts: number;
  /** The server is frozen, another takes over, the first one wakes up. */
  freezes: number;
  syncMs: number;
  diskFull: boolean;
  fsyncFails: boolean;
  runnerFaultRate: number;
  /** A verb hangs for up to a minute. */
  stallRate: number;
  /** A hint of the runner's (an exit, output) gets lost. */
  hintLossRate: number;
  /** An agent's holder is killed from outside. */
  holderLossRate: number;
  duplicateRate: number;
  answerLossRate: number;
  viewers: number;
  pollers: number;
  /** Commands of an impatient operator, beside those that start the workflows. */
  meddling: number;
  /** What a person says to agents that read while they work; 0: they read nothing. */
  talks: number;
  userCommits: number;
  /** The wall clock jumps by this much, and back, now and then. */
  skewMs: number;
  /** Share of agents that are not diligent. */
  oddAgents: number;
  /** What each workflow is: a bug-fix run, one whose hardest repair several try, the template `best-of`, or a best-of-N for itself. */
  kinds: ('bugfix' | 'bugfix_best' | 'best_of' | 'best_of_n')[];
  /** So many candidates. */
  candidates: number;
  /** How many events a stream may have before a long-lived actor goes on in a fresh one. */
  carryOverAt: number;
  /** The result has criteria, which the checks and a reviewer answer. */
  judgedResult: boolean;
  /** How long a merge may take; where it is long, many wait behind it and are merged as a batch. */
  mergeMs: number;
  /** How often the check of a merge is red by chance. */
  flakyRate: number;
}

/** The bugs there are; a repository has the first so many of them. */
export const BUGS = ['one', 'two', 'three', 'four', 'five', 'six'];

export function optionsOf(seed: number): Options {
  const chance = createChance(seed, 'options');
  const { hit, int, pick } = chance;
  const workflows = pick([1, 1, 1, 2]);
  // Of a source of their own, so that seeds known from before mean what they meant but for this.
  const contests = createChance(seed, 'contests');
  const kinds = Array.from({ length: workflows }, () =>
    contests.pick<Options['kinds'][number]>(['bugfix', 'bugfix', 'bugfix_best', 'best_of', 'best_of_n', 'best_of_n']),
  );
  const talks = createChance(seed, 'talks');
  const options: Options = {
    ...{ kinds, candidates: contests.int(1, 4) },
    seed,
    workflows,
    bugs: int(1, 3),
    conflicting: hit(0.3),
    cap: int(1, 4),
    attemptsMax: int(1, 3),
    safetyMs: int(20, 90) * 1000,
    crashRate: hit(0.7) ? pick([0.005, 0.01, 0.03]) : 0,
    crashes: hit(0.7) ? int(1, 3) : 0,
    restarts: hit(0.4) ? int(1, 3) : 0,
    freezes: hit(0.3) ? int(1, 2) : 0,
    syncMs: pick([1, 3, 10, 60]),
    diskFull: hit(0.15),
    fsyncFails: hit(0.15),
    runnerFaultRate: hit(0.6) ? pick([0.01, 0.05, 0.15]) : 0,
    stallRate: hit(0.4) ? pick([0.01, 0.05]) : 0,
    hintLossRate: hit(0.3) ? 0.1 : 0,
    holderLossRate: hit(0.3) ? 0.2 : 0,
    duplicateRate: hit(0.5) ? 0.1 : 0,
    answerLossRate: hit(0.5) ? 0.1 : 0,
    viewers: int(0, 1),
    pollers: int(1, 2),
    meddling: hit(0.6) ? int(1, 6) : 0,
    userCommits: hit(0.3) ? int(1, 2) : 0,
    skewMs: hit(0.3) ? pick([-600_000, -5_000, 5_000, 600_000]) : 0,
    oddAgents: pick([0, 0.2, 0.5, 0.8]),
    carryOverAt: hit(0.5) ? int(2, 12) : HISTORY_LIMITS.carryOverAt,
    judgedResult: hit(0.5),
    ...{ mergeMs: 500, flakyRate: 0 },
    talks: talks.hit(0.3) ? talks.int(2, 10) : 0,
  };
  const crowds = createChance(seed, 'crowds');
  if (!crowds.hit(0.25)) return options;
  return { ...options, bugs: BUGS.length, cap: BUGS.length, mergeMs: 60_000, flakyRate: crowds.pick([0, 0, 0.2]) };
}
