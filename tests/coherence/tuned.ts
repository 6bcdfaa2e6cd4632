import { claude, codex, opencode } from './drivers.ts';
import { compiled, greenTests, redTests, refused } from './outputs.ts';
import type { Look, Scenario } from './scenario.ts';

const MINUTE = 60_000;
/** A look for each. */
const each = (count: number, look: (n: number) => Look): Look[] => Array.from({ length: count }, (_, n) => look(n));

/** The scenarios by which thresholds and words were chosen. */
export const TUNED: readonly Scenario[] = [
  // silence
  {
    name: 'A program hangs: nothing is printed and nothing works for six minutes.',
    driver: 'text',
    looks: [{ prints: 'Looking at the failing tests\n' }, { busy: 0, times: 12 }],
    expects: ['silence'],
  },
  {
    name: 'A client waits for an answer that never comes, after some work.',
    driver: 'claude',
    looks: [{ prints: claude.ran('npm test', redTests(['adds']), 1) }, { busy: 0.002, times: 11 }],
    expects: ['silence'],
  },
  {
    name: 'A command that never ends: 25 minutes without a sign of work.',
    driver: 'claude',
    looks: [{ prints: claude.began('npm start') }, { busy: 0, times: 50 }],
    expects: ['silence', 'budget'],
  },
  {
    name: 'Silence on a machine where processor time cannot be measured.',
    driver: 'codex',
    looks: [{ prints: codex.said('I will look at it.') }, { busy: null, times: 12 }],
    expects: ['silence'],
  },
  {
    name: 'A silent test run of twelve minutes that keeps the processor busy.',
    driver: 'text',
    looks: [{ prints: 'running the whole suite\n' }, { busy: 0.9, times: 24 }],
    expects: [],
  },
  {
    name: 'A slow build, begun by the agent, that says nothing for fifteen minutes.',
    driver: 'claude',
    looks: [{ prints: claude.began('cargo build --release') }, { busy: 0, times: 30 }, { prints: claude.said('ok') }],
    expects: [],
  },
  {
    name: 'A model that thinks for four minutes.',
    driver: 'codex',
    looks: [{ prints: codex.said('Let me think.') }, { times: 8 }, { prints: codex.edited('src/a.js', 'one') }],
    expects: [],
  },
  {
    name: 'An agent that waits half an hour for a person’s answer.',
    driver: 'claude',
    looks: [{ prints: claude.said('May I?') }, { activity: 'needs_input', busy: 0, times: 40 }],
    expects: [],
  },
  {
    name: 'A provider that limits the rate for ten minutes.',
    driver: 'codex',
    looks: [{ activity: 'rate_limited', busy: 0, times: 20 }],
    expects: [],
  },
  // repeated errors
  {
    name: 'The database is not there: the same error after each of six different edits.',
    driver: 'claude',
    looks: each(6, (n) => ({
      prints: claude.edited('src/db.js', `attempt ${n}`) + claude.ran('npm test', refused(n), 1),
    })),
    expects: ['repeated_errors'],
  },
  {
    name: 'A plain program that prints the same error for five minutes.',
    driver: 'text',
    looks: each(10, (n) => ({ prints: `[00:0${n}:11] Error: Cannot find module 'left-pad'\nretrying\n` })),
    expects: ['repeated_errors'],
  },
  {
    name: 'Different commands, each refused by the sandbox in the same words.',
    driver: 'codex',
    looks: each(7, (n) => ({
      prints: codex.ran(`git commit -m "try ${n}"`, 'fatal: Unable to create index.lock: Permission denied', 128),
    })),
    expects: ['repeated_errors'],
  },
  {
    name: 'A provider that is overloaded, tried again eight times.',
    driver: 'claude',
    looks: each(4, () => ({
      prints: claude.retried('overloaded_error', 529) + claude.retried('overloaded_error', 529),
    })),
    expects: ['repeated_errors', 'loops'],
  },
  {
    name: 'One test run that prints the same deprecation error fifty times.',
    driver: 'text',
    looks: [
      { prints: 'DeprecationError: use of `Buffer()` failed the policy\n'.repeat(50) },
      { prints: 'done\n', times: 3 },
    ],
    expects: [],
  },
  {
    name: 'A flaky network: three tries, then it works.',
    driver: 'claude',
    looks: [
      ...each(3, (n) => ({
        prints: claude.ran('npm install', `npm error code ECONNRESET\nnpm error network took ${n} s`, 1),
      })),
      { prints: claude.ran('npm install', 'added 412 packages in 9s') },
      { prints: claude.ran('npm test', greenTests()) },
    ],
    expects: [],
  },
  {
    name: 'Files about errors are read and searched; nothing fails.',
    driver: 'claude',
    looks: each(9, (n) => ({
      prints: claude.ran(`grep -n Error src/errors${n}.ts`, `${n}: throw new Error("failed")`),
    })),
    expects: [],
  },
  {
    name: 'Lint runs again and again that say 0 errors.',
    driver: 'text',
    looks: each(10, (n) => ({ prints: `linted ${n} files: 0 errors, 0 warnings\n` })),
    expects: [],
  },
  {
    name: 'Red, red, red, green: three honest tries at one test.',
    driver: 'codex',
    looks: [
      ...each(3, (n) => ({
        prints: codex.edited('src/a.js', `${n}`) + codex.ran('npm test', redTests(['parses dates'], n), 1),
      })),
      { prints: codex.ran('npm test', greenTests()) },
      { prints: codex.said('Done.'), times: 4 },
    ],
    expects: [],
  },
  {
    name: 'A search for a word that is nowhere, with other words each time.',
    driver: 'codex',
    looks: each(6, (n) => ({ prints: codex.ran(`rg -n "legacy${n}" src`, '', 1) })),
    expects: [],
  },
  // loops
  {
    name: 'The same listing again and again.',
    driver: 'claude',
    looks: each(6, () => ({ prints: claude.ran('ls src', 'a.js\nb.js') })),
    expects: ['loops'],
  },
  {
    name: 'Two commands in turn, neither of which says anything new.',
    driver: 'codex',
    looks: each(6, () => ({
      prints: codex.ran('git status', 'nothing to commit') + codex.ran('cat todo.md', '- mend it'),
    })),
    expects: ['loops'],
  },
  {
    name: 'The failing test is run seven times without a change between.',
    driver: 'opencode',
    looks: each(7, (n) => ({ prints: opencode.ran('npm test', redTests(['adds'], n), 1) })),
    expects: ['loops', 'repeated_errors'],
  },
  {
    name: 'The same file is read in full, ten times.',
    driver: 'opencode',
    looks: each(5, () => ({
      prints: opencode.read('src/big.ts', 'export {}') + opencode.read('src/big.ts', 'export {}'),
    })),
    expects: ['loops'],
  },
  {
    name: 'A test after each of eight edits that differ, each with fewer failures.',
    driver: 'claude',
    looks: each(8, (n) => ({
      prints:
        claude.edited('src/parser.js', `step ${n}`) +
        claude.ran(
          'npm test',
          redTests(
            Array.from({ length: 8 - n }, (_, test) => `case ${test + n}`),
            n,
          ),
          1,
        ),
    })),
    expects: [],
  },
  {
    name: 'The state of the tree is asked for between edits.',
    driver: 'codex',
    looks: each(8, (n) => ({
      prints: codex.edited('src/a.js', `${n}`) + codex.ran('git diff --stat', ' src/a.js | 2 +-'),
    })),
    expects: [],
  },
  {
    name: 'It waits for other agents by asking us for events.',
    driver: 'claude',
    looks: each(10, () => ({
      prints:
        JSON.stringify({
          type: 'assistant',
          message: { content: [{ type: 'tool_use', id: 't', name: 'mcp__heph__wait_for_events', input: {} }] },
        }) + '\n',
    })),
    expects: [],
  },
  {
    name: 'A build that tells of each crate it compiles.',
    driver: 'text',
    looks: each(20, (n) => ({ prints: compiled(n), busy: 1.8 })),
    expects: [],
  },
  // bounds
  {
    name: 'An investigation that changes a source file.',
    driver: 'claude',
    phase: { changes: 'none' },
    looks: [{ prints: claude.edited('src/a.js', 'mended'), files: ['src/a.js'] }],
    expects: ['outside_scope'],
  },
  {
    name: 'Work on the parser that also changes the manifest.',
    driver: 'codex',
    phase: { files: ['src/parser/**', 'test/parser/**'] },
    looks: [{ files: ['src/parser/lex.ts', 'test/parser/lex.test.ts', 'package.json'] }],
    expects: ['outside_scope'],
  },
  {
    name: 'A refactoring of 160 files within its bounds.',
    driver: 'claude',
    phase: { files: ['src/**'] },
    looks: [{ files: Array.from({ length: 160 }, (_, n) => `src/module${n}/index.ts`) }],
    expects: [],
  },
  {
    name: 'Files everywhere, in a phase that sets no bounds.',
    driver: 'claude',
    looks: [{ files: ['package.json', 'src/a.js', 'docs/b.md', '.github/workflows/ci.yml'] }],
    expects: [],
  },
  // budget
  {
    name: 'Twenty-eight of thirty minutes are over.',
    driver: 'claude',
    livedMs: 28 * MINUTE,
    looks: [{ prints: claude.said('Nearly there.') }],
    expects: ['budget'],
  },
  {
    name: 'Nine tenths of the run’s tokens are used.',
    driver: 'claude',
    tokens: { used: 900_000, limit: 1_000_000 },
    looks: [{ prints: claude.said('One more.') }],
    expects: ['budget'],
  },
  {
    name: 'Half of the time is over.',
    driver: 'codex',
    livedMs: 15 * MINUTE,
    looks: [{ prints: codex.said('Going on.') }],
    expects: [],
  },
  // tests
  {
    name: 'Seven tests fail in round two, three failed in round one.',
    driver: 'claude',
    tests: { base: 3, verdicts: [3, 7] },
    looks: [{ prints: claude.said('Trying again.') }],
    expects: ['regression'],
  },
  {
    name: 'The first verdict is worse than the base.',
    driver: 'codex',
    tests: { base: 1, verdicts: [4] },
    looks: [{ prints: codex.said('Trying again.') }],
    expects: ['regression'],
  },
  {
    name: 'Fewer tests fail from round to round.',
    driver: 'claude',
    tests: { base: 9, verdicts: [6, 2] },
    looks: [{ prints: claude.said('Nearly.') }],
    expects: [],
  },
];
