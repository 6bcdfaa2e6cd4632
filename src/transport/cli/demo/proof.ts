import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { plainText } from '../../../kernel/plain-text.ts';
import type { RunReport } from '../run/report.ts';
import type { Story, TaskStory } from '../run/story.ts';
import { demoGit } from './git.ts';
import { DEMO_BRANCH, type DemoPlace } from './place.ts';

export interface Proof {
  /** What had to be true, and whether it is, looked at from outside: with git and the suite, never with what the run says. */
  claims: { claim: string; true: boolean; saw: string }[];
  head: string;
  suite: { passed: boolean; tail: string };
}

const SUITE_MS = 120_000;

/** The tasks that were to mend something; a candidate's work is its parent's, if it wins. */
export function repairsOf({ tasks }: RunReport): TaskStory[] {
  return tasks.filter(({ failures, candidate }) => failures.length > 0 && candidate === null);
}

/** Proves the outcome with plain git and a fresh clone of the base branch. */
export async function prove(
  place: DemoPlace,
  report: RunReport,
  story: Story,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Proof> {
  const git = demoGit(env);
  const head = await git(place.repository, 'rev-parse', '--verify', `refs/heads/${DEMO_BRANCH}`);
  const fixes = repairsOf(report);
  const merges = (await git(place.repository, 'rev-list', '--merges', `${place.base}..${head}`))
    .split('\n')
    .filter(Boolean);
  const contained = await Promise.all(fixes.map((task) => holds(git, place.repository, task.commit, head)));
  const dirty = await git(place.repository, 'status', '--porcelain');
  const clone = join(place.root, 'fresh-clone');
  await git(place.root, 'clone', '--quiet', `--branch=${DEMO_BRANCH}`, '--', place.repository, clone);
  const suite = await runSuite(clone, env);
  const failedBefore = story.baseline?.failed ?? 0;
  return {
    head,
    suite,
    claims: [
      { claim: 'The run completed', true: report.outcome === 'completed', saw: report.outcome },
      { claim: 'The suite failed before', true: failedBefore > 0, saw: `${failedBefore} tests failed` },
      {
        claim: `Every fix is in ${DEMO_BRANCH}`,
        true: fixes.length > 0 && contained.every(Boolean),
        saw: `${contained.filter(Boolean).length} of ${fixes.length}`,
      },
      {
        claim: `${DEMO_BRANCH} is ahead by merges`,
        true: merges.length > 0 && head !== place.base,
        saw: `${merges.length} merge commits`,
      },
      ...(await bestOfClaims(git, place.repository, report, head)),
      { claim: 'The working copy is clean', true: dirty === '', saw: dirty === '' ? 'clean' : dirty },
      {
        claim: 'The suite passes in a fresh clone',
        true: suite.passed,
        saw: suite.passed ? 'npm test passed' : 'npm test failed',
      },
    ],
  };
}

/** Of candidates the winner's work is there, and no other's. */
async function bestOfClaims(
  git: ReturnType<typeof demoGit>,
  repository: string,
  { bestOfN }: RunReport,
  head: string,
): Promise<Proof['claims']> {
  const claims = bestOfN.map(async ({ rows, summary }) => {
    const candidates = Object.values(rows);
    const held = await Promise.all(candidates.map(({ commit }) => holds(git, repository, commit, head)));
    const winners = candidates.flatMap(({ index }, n) => (held[n] ? [index] : []));
    return {
      claim: `Of ${summary.n} candidates the best alone is in ${DEMO_BRANCH}`,
      true: winners.length === 1 && winners[0] === summary.verdict?.winner,
      saw: winners.length === 0 ? 'none' : `variant ${winners.join(', ')}`,
    };
  });
  return Promise.all(claims);
}

async function holds(
  git: ReturnType<typeof demoGit>,
  repository: string,
  commit: string | null,
  head: string,
): Promise<boolean> {
  if (!commit || !/^[0-9a-f]{40,64}$/.test(commit)) return false;
  return git(repository, 'merge-base', '--is-ancestor', commit, head).then(
    () => true,
    () => false,
  );
}

/** The suite as a person would run it: their npm, their Node. */
function runSuite(cwd: string, env: Readonly<Record<string, string | undefined>>): Promise<Proof['suite']> {
  return new Promise((resolve) => {
    execFile(
      'npm',
      ['test'],
      { cwd, env: env as NodeJS.ProcessEnv, timeout: SUITE_MS, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        resolve({
          passed: error === null,
          tail: plainText(`${stdout}${stderr}`).trimEnd().split('\n').slice(-20).join('\n'),
        });
      },
    );
  });
}

/** What a task changed: the changed lines of its merge, at most `linesMax`. */
export async function hunkOf(
  place: DemoPlace,
  commit: string,
  env: Readonly<Record<string, string | undefined>>,
  linesMax = 8,
): Promise<string[]> {
  const patch = await demoGit(env)(
    place.repository,
    'diff',
    '--no-color',
    '--no-ext-diff',
    '--no-textconv',
    '--unified=0',
    `${commit}^1`,
    commit,
    '--',
  );
  const lines = plainText(patch)
    .split('\n')
    .filter((line) => /^(?:[-+](?![-+]{2} )|\+\+\+ )/.test(line));
  const shown = lines.slice(0, linesMax).map((line) => line.replace(/^\+\+\+ b\//, ''));
  return lines.length > linesMax ? [...shown, `… ${lines.length - linesMax} more lines`] : shown;
}
