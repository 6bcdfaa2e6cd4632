import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { ROOT } from '../support/source-files.ts';

/** Runs vitest with the reporter on some test files of a folder of its own, and answers the line that was written. */
function tallyOf(files: Record<string, string>): string {
  // Inside the clone, so that the files find vitest.
  const folder = mkdtempSync(join(ROOT, 'tests', '.tally-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const line = join(folder, 'line');
  const reporter = pathToFileURL(join(ROOT, 'scripts/test-tally.ts')).href;
  const config = `import { tallyReporter } from '${reporter}';
    export default { test: { globals: true, reporters: [tallyReporter(${JSON.stringify(line)})] } };`;
  for (const [name, text] of Object.entries({ 'vitest.config.ts': config, ...files }))
    writeFileSync(join(folder, name), text);
  spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder]);
  return readFileSync(line, 'utf8');
}

it('counts what passed and what failed, and names what was skipped', () => {
  const one = `test('a', () => {}); test('b', () => {}); test('c', () => expect(1).toBe(2)); test.skip('d', () => {});`;
  const other = `describe.skip('the page: skipped, no browser', () => { test('e', () => {}); test('f', () => {}); });`;
  expect(tallyOf({ 'one.test.ts': one, 'other.test.ts': other }).split('\n')).toEqual([
    'NOT RUN: 1 of one.test.ts: d',
    'NOT RUN: 2 of other.test.ts: the page: skipped, no browser',
    '2 passed, 1 failed',
    '',
  ]);
});

it('counts a file that does not load and a hook that throws as failed', () => {
  const broken = `import './absent.ts';`;
  const hook = `describe('a', () => { beforeAll(() => { throw new Error('no'); }); test('b', () => {}); });`;
  const good = `test('a', () => {});`;
  const line = tallyOf({ 'broken.test.ts': broken, 'hook.test.ts': hook, 'good.test.ts': good });
  expect(line).toBe('1 passed, 2 failed\n');
});
