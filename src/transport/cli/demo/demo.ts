import { plainLine } from '../../../kernel/plain-text.ts';
import { contestsOf } from '../best-of/read.ts';
import { createClient } from '../client.ts';
import { EXIT, fail } from '../failure.ts';
import { duration } from '../../words/index.ts';
import { createOutput, type Output } from '../output.ts';
import { shellWords } from '../../../kernel/words.ts';
import { reportOf, type RunReport } from '../run/report.ts';
import { checkText } from '../run/progress.ts';
import { down } from '../verbs/down.ts';
import { followed } from '../verbs/run.ts';
import { candidateLines } from '../shown/best-of-n.ts';
import type { World } from '../world.ts';
import type { Story } from '../run/story.ts';
import { DEMO_BRANCH, type DemoPlace, makePlace } from './place.ts';
import { hunkOf, type Proof, prove, repairsOf } from './proof.ts';

export interface DemoOptions {
  /** Leaves the server running, to look around. */
  keep?: boolean;
}

const GOAL = 'Make the test suite pass.';
/** So many try the hardest of the three repairs, each in its own way. */
const CANDIDATES = 3;

/**
 * The main job on a small repository of its own: three unrelated faults, found, mended, merged. What it reports is proved
 * afterwards with git and a fresh clone; only then is the exit code 0. Its folder stays, so that the story can be read.
 */
export async function demo(world: World, output: Output, self: string, options: DemoOptions): Promise<number> {
  const startedMs = world.clock.monotonicMs();
  const place = await makePlace(world.programs.home, world.env);
  output.say(`A small repository with failing tests: ${place.repository}`);
  const client = createClient(world, { directory: place.data, start: true });
  const words = { self, data: ['--data', place.data] };
  let proof: Proof;
  try {
    const started = await client.command('start_workflow', {
      workflow: 'bugfix',
      repository: place.repository,
      goal: GOAL,
      agent: 'repair',
      params: { best_of: CANDIDATES },
    });
    output.record({ type: 'started', workflowId: started.id, repository: place.repository, data: place.data });
    const end = await followed({ world, client, output, words }, started.id);
    const report = reportOf(end, await contestsOf(client, end.story));
    proof = await prove(place, report, end.story, world.env);
    const durationMs = world.clock.monotonicMs() - startedMs;
    for (const line of await demoLines(place, report, end.story, proof, durationMs, words, world)) output.say(line);
    output.record({
      ...report,
      commits: report.commits,
      head: proof.head,
      claims: proof.claims,
      repository: place.repository,
      data: place.data,
      durationMs,
    });
  } finally {
    if (!options.keep)
      await down(
        world,
        createOutput({ stdout: { write: (_data, done) => done?.() }, stderr: world.stderr }, false),
        place.data,
      );
  }
  const untrue = proof.claims.filter((claim) => !claim.true);
  if (untrue.length > 0)
    throw fail('demo.not_proved', `Not true: ${untrue.map(({ claim, saw }) => `${claim} (${saw})`).join('; ')}.`);
  return EXIT.ok;
}

/** Failures that no task took for its own, because they follow from several faults. */
function othersFailing(story: Story, listed: number): string[] {
  const others = (story.baseline?.failed ?? listed) - listed;
  return others > 0 ? [`  and ${others} more, which fail with these`] : [];
}

async function demoLines(
  place: DemoPlace,
  report: RunReport,
  story: Story,
  proof: Proof,
  durationMs: number,
  words: { self: string; data: string[] },
  world: World,
): Promise<string[]> {
  const fixes = repairsOf(report);
  const heph = (...rest: string[]) => `  ${shellWords([words.self, ...rest, ...words.data])}`;
  const changed = await Promise.all(fixes.map((task) => (task.commit ? hunkOf(place, task.commit, world.env) : [])));
  return [
    '',
    'What was wrong',
    ...(story.baseline ? [`  ${checkText(story.baseline)}`] : []),
    ...fixes.flatMap((task) => task.failures.map(({ file, name }) => `  ${plainLine(`${file}: ${name}`, 160)}`)),
    ...othersFailing(story, fixes.flatMap((task) => task.failures).length),
    '',
    'What was changed, and by which task',
    ...fixes.flatMap((task, n) => [
      `  ${plainLine(task.title, 120)} (${task.taskId}, ${task.status})`,
      ...(changed[n] as string[]).map((line) => `      ${line}`),
      ...(task.commit ? [`      merged as ${task.commit}`] : []),
      ...(task.status !== 'done' && task.reason ? [`      why not: ${plainLine(task.reason, 600)}`] : []),
    ]),
    '',
    ...report.bestOfN.flatMap((one) => [
      `What was tried in ${one.summary.n} ways, and which was taken`,
      ...candidateLines(one).map((line) => `  ${line}`.trimEnd()),
      '',
    ]),
    'What is proved, with git and a fresh clone',
    ...proof.claims.map(({ claim, true: holds, saw }) => `  ${holds ? 'yes' : 'NO '}  ${claim}: ${plainLine(saw)}`),
    ...(proof.suite.passed ? [] : proof.suite.tail.split('\n').map((line) => `       ${line}`)),
    '',
    `${DEMO_BRANCH} is at ${proof.head}; ${duration(durationMs)} in all.`,
    '',
    'How to look at the story',
    `${heph('open')}   in the browser`,
    `  ${shellWords(['git', '-C', place.repository, 'log', '--graph', '--stat', DEMO_BRANCH])}`,
    heph('events', '--workflow', report.workflowId),
    heph('follow', report.workflowId),
    heph('replay'),
    `  ${shellWords(['rm', '-r', place.root])}   when you have seen enough`,
  ];
}
