import { bestOfNLines, type BestOfNAnswer } from './best-of-n.ts';
import { buildLines, type BuildsAnswer, runLines, type RunsAnswer, statLines, type StatsAnswer } from './builds.ts';
import { type CheckAnswer, checkLines, type ChecksAnswer, checksLines } from './checks.ts';
import { type CostsAnswer, costLines } from './costs.ts';
import { type DiffAnswer, diffLines } from './diff.ts';
import { type CoherenceAnswer, coherenceLines, triedLines, type TriedAnswer } from './coherence.ts';
import { type Explanation, explanationLines } from './explanation.ts';
import { factLines } from './facts.ts';
import { type InboxAnswer, inboxLines } from './inbox.ts';
import { type QueueAnswer, queueLines } from './queue.ts';

/** An answer in lines for people. */
export type Shown = (answer: unknown, how?: { colour: boolean }) => string[];

/** How the answers to some questions look to people; the others are shown as tables and facts. */
export const SHOWN: Readonly<Record<string, Shown>> = {
  task_progress: (answer) => factLines(answer as Record<string, unknown>),
  get_checks: (answer) => checksLines(answer as ChecksAnswer),
  get_check: (answer) => checkLines(answer as CheckAnswer),
  explain: (answer) => explanationLines(answer as Explanation),
  get_costs: (answer) => costLines(answer as CostsAnswer),
  get_task_diff: (answer, how) => diffLines(answer as DiffAnswer, how?.colour ?? false),
  get_inbox: (answer) => inboxLines(answer as InboxAnswer),
  get_queue: (answer) => queueLines(answer as QueueAnswer),
  get_coherence: (answer) => coherenceLines(answer as CoherenceAnswer),
  try_coherence: (answer) => triedLines(answer as TriedAnswer),
  get_best_of_n: (answer) => bestOfNLines(answer as BestOfNAnswer),
  list_best_of_n: (answer) => runLines(answer as RunsAnswer),
  get_builds: (answer) => buildLines(answer as BuildsAnswer),
  get_best_of_n_stats: (answer) => statLines(answer as StatsAnswer),
};
