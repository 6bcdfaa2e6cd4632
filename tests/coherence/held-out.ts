import { claude, codex, opencode } from './drivers.ts';
import { compiled, greenTests, redTests, refused } from './outputs.ts';
import type { Look, Scenario } from './scenario.ts';

const MINUTE = 60_000;
const each = (count: number, look: (n: number) => Look): Look[] => Array.from({ length: count }, (_, n) => look(n));

/** Written after thresholds and words were fixed, and not looked at while they were chosen. */
export const HELD_OUT: readonly Scenario[] = [
  // silence
  {
    name: 'A client that tries its provider again without end and prints nothing of it.',
    driver: 'opencode',
    looks: [{ prints: opencode.said('Asking the model.') }, { busy: 0.004, times: 20 }],
    expects: ['silence'],
  },
  {
    name: 'An agent that deadlocks after twenty minutes of good work.',
    driver: 'codex',
    looks: [
      ...each(6, (n) => ({ prints: codex.edited(`src/m${n}.js`, `${n}`) + codex.ran('npm test', greenTests(n)) })),
      { busy: 0, times: 14 },
    ],
    expects: ['silence'],
  },
  {
    name: 'An endless loop without output: the processor is busy and nothing happens.',
    driver: 'text',
    looks: [{ prints: 'solving\n' }, { busy: 1, times: 24 }],
    expects: ['silence'],
  },
  {
    name: 'A test run of a quarter of an hour in a container: the agent’s own processes only wait.',
    driver: 'codex',
    looks: [
      { prints: codex.began('docker compose run tests') },
      { busy: 0.001, times: 30 },
      { prints: codex.said('Green.') },
    ],
    expects: [],
  },
  {
    name: 'A plain program that waits six minutes for a remote build and then goes on.',
    driver: 'text',
    looks: [{ prints: 'queued at the build farm\n' }, { busy: 0.001, times: 12 }, { prints: 'build ok\n' }],
    expects: [],
  },
  {
    name: 'A build that prints a line every four minutes.',
    driver: 'text',
    looks: each(4, (n) => ({ prints: compiled(n), busy: 0.7 })).flatMap((look) => [look, { busy: 0.7, times: 7 }]),
    expects: [],
  },
  // repeated errors
  {
    name: 'A type error that no edit mends: six compilations, the same message at other lines.',
    driver: 'claude',
    looks: each(6, (n) => ({
      prints:
        claude.edited('src/view.ts', `cast ${n}`) +
        claude.ran(
          'npx tsc',
          `src/view.ts(${40 + n},7): error TS2345: Argument of type 'string' is not assignable.`,
          2,
        ),
    })),
    expects: ['repeated_errors'],
  },
  {
    name: 'A key that is refused, whatever is asked.',
    driver: 'opencode',
    looks: each(6, () => ({ prints: opencode.failed('401 invalid x-api-key') })),
    expects: ['repeated_errors', 'loops'],
  },
  {
    name: 'A service that does not come up, tried by seven different commands.',
    driver: 'codex',
    looks: each(7, (n) => ({ prints: codex.ran(`psql -c "select ${n}"`, refused(n), 2) })),
    expects: ['repeated_errors'],
  },
  {
    name: 'A watcher that prints a stack of the same failure each time that it is saved, and is mended in the end.',
    driver: 'text',
    looks: [
      ...each(3, () => ({ prints: 'FAIL src/a.test.ts\n  TypeError: x is not a function\n' })),
      { prints: 'PASS\n', times: 3 },
    ],
    expects: [],
  },
  {
    name: 'Type errors in seven files, mended one after the other.',
    driver: 'claude',
    looks: each(7, (n) => ({
      prints:
        claude.edited(`src/file${n}.ts`, 'typed') +
        claude.ran('npx tsc', `src/file${n + 1}.ts(3,1): error TS7006: Parameter 'x' implicitly has an 'any' type.`, 2),
    })),
    expects: [],
  },
  {
    name: 'A test that is to fail is written first: six tests, each red and then green.',
    driver: 'opencode',
    looks: each(6, (n) => ({
      prints:
        opencode.edited('test/a.test.js', `case ${n}`) +
        opencode.ran('npm test', redTests([`handles case ${n}`], n), 1) +
        opencode.edited('src/a.js', `case ${n}`) +
        opencode.ran('npm test', greenTests(n)),
    })),
    expects: [],
  },
  {
    name: 'A script is tried with seven spellings of an option, and refuses each in its own words.',
    driver: 'codex',
    looks: each(7, (n) => ({ prints: codex.ran(`./gen --opt${n}`, `gen: unknown option --opt${n}`, 2) })),
    expects: [],
  },
  {
    name: 'A linter that fails on one rule after the other, each in another file.',
    driver: 'claude',
    looks: each(6, (n) => ({
      prints:
        claude.ran('npx lint', `src/l${n}.js\n  ${n + 3}:1  error  rule-${n} is broken\n✖ 1 problem`, 1) +
        claude.edited(`src/l${n}.js`, 'mended'),
    })),
    expects: [],
  },
  {
    name: 'A log of a server under test, full of errors that are meant to be there.',
    driver: 'text',
    looks: each(8, (n) => ({
      prints: `ok ${n} rejects a bad token\n  server said: Error: token refused\n`,
      busy: 0.4,
    })),
    expects: [],
  },
  // loops
  {
    name: 'Three commands in a circle, five times.',
    driver: 'opencode',
    looks: each(5, () => ({
      prints: opencode.ran('pwd', '/work') + opencode.ran('ls', 'a.js') + opencode.read('a.js', 'let a = 1;'),
    })),
    expects: ['loops'],
  },
  {
    name: 'An edit and its undoing, again and again.',
    driver: 'claude',
    looks: each(6, () => ({ prints: claude.edited('src/a.js', 'if (a)') + claude.edited('src/a.js', 'if (!a)') })),
    expects: ['loops'],
  },
  {
    name: 'A plain program that prints the same three steps for ever.',
    driver: 'text',
    looks: each(12, () => ({ prints: 'step 1: read\nstep 2: think\nstep 3: write\n' })),
    expects: ['loops'],
  },
  {
    name: 'The pipeline is asked five times whether it is done, which it is in the end.',
    driver: 'claude',
    looks: [
      ...each(5, (n) => ({ prints: claude.ran('gh run view 17', `in progress, ${n + 1} of 9 jobs`) })),
      { prints: claude.ran('gh run view 17', 'completed, success') },
    ],
    expects: [],
  },
  {
    name: 'The pipeline is asked six times and says the same each time: it waits rightly.',
    driver: 'codex',
    looks: [
      ...each(6, () => ({ prints: codex.ran('gh run view 17', 'queued') })),
      { prints: codex.ran('gh run view 17', 'success') },
    ],
    expects: [],
  },
  {
    name: 'A flaky test is run five times to see how often it fails; the output differs.',
    driver: 'claude',
    looks: each(5, (n) => ({
      prints:
        n % 2 === 0 ? claude.ran('npm test', greenTests(n)) : claude.ran('npm test', redTests([`flaky ${n}`], n), 1),
    })),
    expects: [],
  },
  // bounds
  {
    name: 'Documentation work that reaches into the code, one file of forty.',
    driver: 'codex',
    phase: { files: ['docs/**', '*.md'] },
    looks: [{ files: [...Array.from({ length: 39 }, (_, n) => `docs/p${n}.md`), 'src/main.ts'] }],
    expects: ['outside_scope'],
  },
  {
    name: 'An investigation that leaves a note for itself and takes it away again.',
    driver: 'claude',
    phase: { changes: 'none' },
    looks: [{ files: ['notes.md'] }, { files: [] }, { files: [] }],
    expects: [],
  },
  {
    name: 'New files in new folders, all of them within the bounds.',
    driver: 'claude',
    phase: { files: ['packages/*/src/**', 'packages/*/test/**'] },
    looks: [{ files: ['packages/new/src/index.ts', 'packages/new/test/deep/er/index.test.ts'] }],
    expects: [],
  },
  // budget
  {
    name: 'An agent that works slowly and well until one minute before its limit.',
    driver: 'claude',
    livedMs: 26 * MINUTE,
    looks: each(6, (n) => ({ prints: claude.edited('src/a.js', `${n}`) })),
    expects: ['budget'],
  },
  {
    name: 'Two thirds of the tokens are used when half of the work is done.',
    driver: 'codex',
    tokens: { used: 660_000, limit: 1_000_000 },
    looks: [{ prints: codex.said('Going on.') }],
    expects: [],
  },
  // tests
  {
    name: 'All passed before, and two fail now.',
    driver: 'claude',
    tests: { base: 0, verdicts: [2] },
    looks: [{ prints: claude.said('Hm.') }],
    expects: ['regression'],
  },
  {
    name: 'As many fail as before, though others.',
    driver: 'claude',
    tests: { base: 3, verdicts: [3, 3] },
    looks: [{ prints: claude.said('Hm.') }],
    expects: [],
  },
  {
    name: 'Tests were added that show a fault which was there before: one more fails, rightly.',
    driver: 'codex',
    tests: { base: 2, verdicts: [3] },
    looks: [{ prints: codex.said('Now the fault shows.') }],
    expects: [],
  },
];
