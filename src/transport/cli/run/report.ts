import { plainLine } from '../../../kernel/plain-text.ts';
import { shellWords } from '../../../kernel/words.ts';
import { duration, stateWord, wordOf } from '../../words/index.ts';
import { type BestOfNAnswer, bestOfNLines } from '../shown/best-of-n.ts';
import type { Followed } from './follow.ts';
import { checkText } from './progress.ts';
import { mergeCommits, type ResultStory, type Story, type TaskStory } from './story.ts';

/** The last line of a run with `--json`. */
export interface RunReport {
  type: 'report';
  outcome: 'completed' | 'failed' | 'cancelled' | 'stalled';
  workflowId: string;
  reason: string | null;
  code: string | null;
  branch: string;
  base: { branch: string; state: 'moved' | 'left' | 'not_asked'; commit: string | null; reason: string | null };
  commits: string[];
  tasks: TaskStory[];
  /** The best-of-Ns whose candidates worked in it, as `get_best_of_n` answers them. */
  bestOfN: BestOfNAnswer[];
  /** The last submission of the run's result; null: there was none. */
  result: ResultStory | null;
  durationMs: number;
}

export function reportOf({ story, stalled }: Followed, bestOfN: BestOfNAnswer[]): RunReport {
  const { delivery } = story;
  return {
    type: 'report',
    outcome: stalled ? 'stalled' : (story.outcome as RunReport['outcome']),
    workflowId: story.workflowId,
    reason: stalled ? stalled.reasons.join('; ') : story.reason,
    code: stalled ? stalled.code : story.code,
    branch: story.runBranch,
    base: {
      branch: story.repository.baseBranch,
      state: delivery?.base ?? 'left',
      commit: delivery?.commit ?? null,
      reason: delivery?.reason ?? null,
    },
    commits: mergeCommits(story),
    tasks: [...story.tasks.values()],
    bestOfN,
    result: story.result,
    durationMs: Math.max(0, story.at - story.startedAt),
  };
}

/** How commands are written so that they work when they are pasted. */
export interface Words {
  /** `heph`, or how it was called. */
  self: string;
  /** What names the data directory; nothing for the default one. */
  data: readonly string[];
}

/** The report for people. */
export function reportLines(report: RunReport, story: Story, say: Words): string[] {
  const heph = (...words: string[]) => shellWords([say.self, ...words, ...say.data]);
  return [
    '',
    `Report: ${report.outcome} in ${duration(report.durationMs)}${report.reason ? `: ${plainLine(report.reason, 2000)}` : ''}`,
    ...(story.summary ? [`  ${plainLine(story.summary, 2000)}`] : []),
    ...(story.baseline ? [`  before: ${checkText(story.baseline)}`] : []),
    '',
    'Tasks',
    ...report.tasks.flatMap(taskLines),
    ...(report.tasks.length === 0 ? ['  none'] : []),
    '',
    ...report.bestOfN.flatMap((one) => [...bestOfNLines(one), '']),
    ...(report.result ? resultLines(report.result) : []),
    ...deliveryLines(report, story),
    '',
    'How to look at the story',
    `  ${heph('open')}   in the browser`,
    `  ${heph('events', '--workflow', report.workflowId)}`,
    ...(report.code === 'run.stalled'
      ? [`  ${heph('fleet', 'resume')}   then   ${heph('follow', report.workflowId)}`]
      : []),
    `  ${heph('replay')}`,
  ].map((line) => line.trimEnd());
}

function taskLines(task: TaskStory): string[] {
  const attempts = task.attempts > 1 ? `, ${task.attempts} attempts` : '';
  const changed = task.commit ? task.files.map((file) => `${file.path} +${file.insertions} −${file.deletions}`) : [];
  return [
    `  ${task.status.padEnd(9)} ${plainLine(task.title, 120)} (${task.phase}, ${task.taskId}${attempts})`,
    ...task.failures.slice(0, 5).map(({ file, name }) => `            failing: ${plainLine(`${file} ${name}`, 160)}`),
    ...(task.summary ? [`            ${plainLine(task.summary)}`] : []),
    ...changed.slice(0, 10).map((text) => `            ${plainLine(text)}`),
    ...(changed.length > 10 ? [`            and ${changed.length - 10} more files`] : []),
    ...(task.commit ? [`            merged as ${task.commit}`] : []),
    ...(task.candidate && task.status === 'done'
      ? [
          `            kept as variant ${task.candidate.index} of ${task.candidate.bestOfNId}; what wins is merged above`,
        ]
      : []),
    ...(task.status !== 'done' && task.reason ? [`            why: ${plainLine(task.reason, 1000)}`] : []),
    ...(task.status === 'failed' ? roundLines(task) : []),
  ];
}

function resultLines({ status, criteria, submission }: ResultStory): string[] {
  const head = `Result: ${stateWord('result', status).word}${submission > 1 ? `, submission ${submission}` : ''}`;
  const lines = criteria.map(
    ({ criterion, verdict, evidence }) =>
      `  ${wordOf(verdict).padEnd(10)} ${plainLine(criterion, 160)} (${plainLine(evidence, 160)})`,
  );
  return [head, ...lines, ''];
}

/** What was said each time that the work came back. */
function roundLines({ rounds }: TaskStory): string[] {
  return rounds.map(({ code, feedback, acknowledged }, index) => {
    const got = acknowledged ? ', its agent got it' : '';
    return `            round ${index + 1} (${code}${got}): ${plainLine(feedback, 160)}`;
  });
}

function deliveryLines(report: RunReport, story: Story): string[] {
  const { base, branch, commits } = report;
  const merges = commits.map((commit) => `  merge ${commit}`);
  if (base.state === 'moved') return [`Delivered: ${base.branch} is at ${base.commit}.`, ...merges];
  if (commits.length === 0) return [`Nothing was merged; ${base.branch} is as it was.`];
  // Of a run that failed nobody asks for the base branch to be moved either.
  const asYouAsked = base.state === 'not_asked' && report.outcome === 'completed';
  const why = asYouAsked ? 'as you asked' : plainLine(base.reason ?? 'the run did not end green');
  return [
    `${base.branch} was not touched: ${why}. The work is on ${branch}; to merge it by hand:`,
    `  ${shellWords(['git', '-C', story.repository.path, 'merge', '--no-ff', branch])}`,
    ...merges,
  ];
}
