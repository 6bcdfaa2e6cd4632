import { InvalidArgumentError } from 'commander';
import { fail } from '../failure.ts';
import type { AddVerb } from '../handler.ts';
import type { BestOfOptions, RescoreOptions } from '../verbs/best-of.ts';

const CANDIDATES_MAX = 32;
const SEED_MAX = 2_147_483_647;
const LINES_MAX = 100_000;

/** The verbs of a best-of-N that are more than one command or question; the others are made from their definitions. */
export function addBestOfVerbs(verb: AddVerb): void {
  verb(
    'best-of start <n> [goal]',
    'Let several agents try the same goal, score what passes, merge the best, and follow it to the end',
    {
      start: true,
      implied: true,
      examples: [
        'heph best-of 3 "Make the tests pass" --repo .',
        'heph best-of 4 "Fix the parser" --repo . --agent claude,repair --score "tests=3,diff=1,time=1" --early-stop',
        'heph best-of 3 --from bon_01k/2 --repo .',
      ],
    },
    async (start, command, [n, goal]) =>
      (await import('../verbs/best-of.ts')).startBestOf(start, candidates(n), goal, command.opts<BestOfOptions>()),
  )
    .requiredOption('--repo <path>', 'The git repository')
    .option('--agent <names>', 'Which agents take part in turn, with commas (default: repair)', names)
    .option('--model <agent=models>', 'Models that an agent may be given, with commas; may be repeated', models)
    .option(
      '--score <weights>',
      'What counts how much, like tests=3,diff=1,time=1 (default: the setting bestOfN.score)',
    )
    .option('--seed <number>', 'The same seed makes the same variants (default: 1)', whole(0, SEED_MAX))
    .option('--early-stop', 'Withdraw candidates that can no longer win')
    .option('--max-lines <number>', 'How many lines may change', whole(1, LINES_MAX))
    .option('--allow-files <globs>', 'Files that may change, with commas; may be repeated', names)
    .option('--allow-imports <modules>', 'What may be imported newly, with commas; may be repeated', names)
    .option('--expect-output <text>', 'Text that the check must print')
    .option('--criterion <text>', 'What a good result is; may be repeated', texts)
    .option(
      '--from <build>',
      'Begin with the directive of an earlier build, like bon_01k/2; then the goal may be left out',
    )
    .option('--check <command>', 'The repository’s own check (default: found in package.json)')
    .option('--branch <name>', 'The base branch (default: the one checked out)')
    .option('--no-merge', 'Leave the base branch alone; the winner stays on a branch of the run')
    .option('--from-head', 'Start from the last commit although tracked files are changed')
    .option('--idempotency-key <key>', 'The same key starts one best-of-N, however often it is sent');

  verb(
    'best-of rescore <bestOfNId>',
    'Judge past candidates again without running any agent, and say who would have won; the first verdict stands',
    {
      start: true,
      examples: [
        'heph best-of rescore bon_01k --score "tests=3,agreement=2"',
        'heph best-of rescore bon_01k --check "npm run slow-tests"',
        'heph best-of rescore bon_01k --judges-from hidden-tests',
      ],
    },
    async (start, command, [id]) =>
      (await import('../verbs/best-of.ts')).rescore(start, id as string, command.opts<RescoreOptions>()),
  )
    .option('--score <weights>', 'What counts how much, like tests=3,diff=1 (default: as before)')
    .option('--check <command>', 'Another check that says who passes (default: the run’s own)')
    .option('--judges-from <branch>', 'The branch whose tests judge (default: the commit that the candidates began at)')
    .option('--measure', 'Measure anew, also what has a recorded score')
    .option('--idempotency-key <key>', 'The same key scores again once, however often it is sent');
}

function candidates(text: string | undefined): number {
  const n = Number(text);
  if (text !== undefined && /^\d{1,3}$/.test(text) && n >= 1 && n <= CANDIDATES_MAX) return n;
  throw fail(
    'cli.usage',
    `${JSON.stringify(text)} is no number of candidates; it is a number from 1 to ${CANDIDATES_MAX}.`,
  );
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,10}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
  };
}

function names(text: string, before: string[] = []): string[] {
  const said = text.split(',').map((name) => name.trim());
  if (said.includes('')) throw new InvalidArgumentError('It is names with commas between them.');
  return [...before, ...said];
}

function texts(text: string, before: string[] = []): string[] {
  return [...before, text];
}

function models(text: string, before: Record<string, string[]> = {}): Record<string, string[]> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It is agent=model, or agent=model,model.');
  const agent = text.slice(0, at).trim();
  return { ...before, [agent]: names(text.slice(at + 1), before[agent]) };
}
