import { DEFAULT_SETTINGS } from '../../src/machines/config/index.ts';
import { HELD_INTERVALS } from '../../src/machines/guardian/index.ts';
import { HELD_OUT } from '../../tests/coherence/held-out.ts';
import { measureSignals, precision, recall, type Tally, type Wrong } from '../../tests/coherence/measure-signals.ts';
import type { Scenario } from '../../tests/coherence/scenario.ts';
import { TUNED } from '../../tests/coherence/tuned.ts';
import { signalWord } from '../../src/transport/words/index.ts';
import { code, fence, page, type Pages, table } from './markdown.ts';

const { intervalMs, stopAfterMs, thresholds, weights } = DEFAULT_SETTINGS.guardian;

export function coherencePages(): Pages {
  return {
    'coherence.md': page(
      'Coherence',
      'Whether an agent still does what it was given, from what can be measured. Each living agent has a guardian that looks at it every ' +
        `${intervalMs / 1000} s (${code('guardian.intervalMs')}; 0: never). Nothing is asked of a model. What could not be measured is unknown: it is left out of ` +
        'the score, drawn as a gap, and stops nobody. Why it is so stands in [ADR 31](adr/0031-a-guardian-judges-what-was-measured.md).',
      fence(
        'sh',
        `heph coherence\nheph coherence agt_01k\nheph guardian try --thresholds '{"loopsMax": 3}'\nheph config set '{"guardian.onSilence": "warn"}'`,
      ),
      '## Signals',
      `Each says how much trouble there is, from 0 to 1, and why. From ${thresholds.warnAt} on (${code('guardian.thresholds.warnAt')}) the agent is warned of; below it the warning is taken back.`,
      table(['signal', 'as shown', 'weight', 'measured', 'trouble'], SIGNAL_ROWS),
      'The score is the weighted mean of what is well: 1 less the trouble, over the signals that were measured. Thresholds and weights are settings ' +
        '([configuration.md](configuration.md)); a verdict records those that it was reached under.',
      '## What is recorded',
      `A verdict (${code('AgentJudged')}) is recorded with its measures when a signal changes by a quarter, when nobody had looked before it, and after ${HELD_INTERVALS} looks ` +
        'that found no change. It says until when the verdict before it was measured to hold. Where no server looked, or a machine slept, there is a gap in the line. ' +
        `${code('heph guardian try')} reaches the recorded verdicts again, from their measures, under thresholds and weights that you name, and tells which warnings would have been others.`,
      '## What follows from a warning',
      `A warning is shown and nothing else, with two exceptions. An agent that is silent for longer than its driver promises, of which it was measured that nothing works, is stopped when that ` +
        `lasts for ${stopAfterMs / 60_000} minutes after the warning (${code('guardian.stopAfterMs')}), looked at all the while; ${code('guardian.onSilence')} ${code('warn')} keeps it alive. ` +
        `An agent that lives although the log does not know it is warned of and stopped in the same way (${code('guardian.onOrphan')}); one that the log says has ended is stopped at once, since its ` +
        'task goes on in the same files. The view says of each warning what followed: it was taken back, the agent was stopped, or it ended.',
      '## How often it is right',
      `${TUNED.length + HELD_OUT.length} scenarios are labelled by hand and played through the product’s own parts with the default settings, by a test. By the first part thresholds and words ` +
        'were chosen; the second was written afterwards. A scenario of it that led to a change of the code was moved to the first. Half of all ask for no warning: slow builds, ' +
        'retries that end well, long silent test runs, large refactorings within bounds. *Precision* is the share of warnings that were right, *recall* the share of ' +
        'troubles that were warned of. They are made up, and few: the figures show where a signal is weak, not how often that happens to you. ' +
        'That the output of the real claude, codex and opencode is read is tried with a model that is scripted to run in circles (`npm run test:clis`).',
      ...part('Chosen by', TUNED),
      ...part('Held out', HELD_OUT),
      '## The scenarios',
      ...[
        { title: 'Chosen by', scenarios: TUNED },
        { title: 'Held out', scenarios: HELD_OUT },
      ].flatMap(({ title, scenarios }) => [
        `### ${title}, one by one`,
        table(
          ['what happens', 'output', 'should be warned of'],
          scenarios.map(({ name, driver, expects }) => [name, driver, expects.map(signalWord).join(', ') || 'nothing']),
        ),
      ]),
    ),
  };
}

const half = (count: number) => `half at ${count}, all at ${2 * count}`;

const SIGNAL_ROWS: string[][] = (
  [
    [
      'silence',
      'Time without output or report against what its driver promises (`agents.<name>.silenceMs`, else `limits.agentSilenceMs`); whether a command of its own runs; what its processes use of the processor. Waiting for a person or for a rate limit is no silence',
      'a quarter when something works, three quarters when that cannot be told or a command runs four times as long, all when nothing works',
    ],
    [
      'repeated_errors',
      'The same failure of a command or of the model’s provider, without times, places and ids; of plain text the same line that speaks of an error, once for each look. What works again is forgotten',
      half(thresholds.repeatedErrorsMax),
    ],
    [
      'outside_scope',
      'Files that differ from the base and lie outside `files:` of the phase’s page; any file where `changes: none`. Unknown where the phase sets no bounds',
      `half for one file, all for ${thresholds.outsideFilesMax}`,
    ],
    [
      'loops',
      'The same action with the same outcome, since anything new happened. Unknown of an agent that prints plain text',
      half(thresholds.loopsMax),
    ],
    [
      'budget',
      'The scarcest of the attempt’s time and the run’s tokens and money',
      `half at ${thresholds.budgetShareMax * 100} %, all at 100 %`,
    ],
    [
      'regression',
      'Failing tests at the last verdict on the task’s work against the one before it, or the base. Unknown before a verdict that counted tests',
      'half for one more, all for twice as many',
    ],
  ] as const
).map(([name, measured, trouble]) => [code(name), signalWord(name), String(weights[name]), measured, trouble]);

function part(title: string, scenarios: readonly Scenario[]): string[] {
  const { tallies, wrong } = measureSignals(scenarios);
  return [
    `### ${title}: ${scenarios.length} scenarios`,
    table(
      ['signal', 'in trouble', 'warned rightly', 'wrongly', 'missed', 'precision', 'recall'],
      tallies.map(tallyRow),
    ),
    wrong.length === 0
      ? 'All of them are judged as they are labelled.'
      : table(['what happens', 'signal', 'judged wrongly', 'what it said'], wrong.map(wrongRow)),
  ];
}

function tallyRow(tally: Tally): string[] {
  const { signal, expected, right, falseAlarms, missed } = tally;
  return [
    code(signal),
    ...[expected, right, falseAlarms, missed].map(String),
    ...[precision(tally), recall(tally)].map((share) => (share === null ? '–' : share.toFixed(2))),
  ];
}

function wrongRow({ scenario, signal, how, why }: Wrong): string[] {
  return [scenario, code(signal), how, why];
}
