import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runsOf } from '../../../tests/support/marks.ts';
import { createClaims } from './claims.ts';
import { systemClock } from '../../kernel/adapters/system.ts';
import { benchAt, createBench, picture, told } from './test-support.ts';

/** Node as a program of a fixed place: what the checks of these tests run. */
const NODE = JSON.stringify(process.execPath);
/** A check that leaves a letter in the file of its name beside the repository, then does what the words say. */
const marking = (name: string, words?: string) =>
  words === undefined
    ? `[/bin/sh, -c, "printf x >> ../${name}.mark"]`
    : `[${NODE}, -e, "require('fs').appendFileSync('../${name}.mark', 'x'); ${words}"]`;

const GRAPH = `
checks:
  lint: { run: ${marking('lint')}, inputs: { files: ["src/**"] } }
  docs: { run: ${marking('docs')}, inputs: { files: ["docs/**"] } }
  test: { run: ${marking('test')}, inputs: { files: ["src/**", "test/**"] }, needs: [lint], tags: [tests] }
`;
const FILES = { 'checks.yaml': GRAPH, 'src/a.js': 'a', 'test/a.js': 't', 'docs/a.md': 'd', '.gitignore': 'ignored\n' };
const PASSED = { lint: 'passed', docs: 'passed', test: 'passed' };
const CACHED = { lint: 'passed from cache', docs: 'passed from cache', test: 'passed from cache' };

describe('the cache', () => {
  it('answers everything when nothing changed, and runs what depends on a change', async () => {
    const bench = createBench(FILES);
    expect(told(await bench.run())).toEqual(PASSED);
    const second = await bench.run();
    expect(told(second)).toEqual(CACHED);
    expect(second.state).toBe('skipped');
    expect(second.checks[0]?.why).toMatch(/^same files and tools as when it passed, \d+ s ago$/);
    expect(runsOf(bench.root, 'lint', 'docs', 'test')).toEqual([1, 1, 1]);

    bench.write('test/a.js', 'changed');
    expect(told(await bench.run())).toEqual({ ...CACHED, test: 'passed' });
    bench.write('docs/new.md', 'not tracked yet');
    expect(told(await bench.run())).toEqual({ ...CACHED, docs: 'passed' });
    bench.commit();
    expect(told(await bench.run())).toEqual(CACHED);
    bench.write('src/a.js', 'changed');
    expect(told(await bench.run())).toEqual({ lint: 'passed', docs: 'passed from cache', test: 'passed' });
    bench.write('src/a.js', 'a');
    bench.git('checkout', '--quiet', 'HEAD', '--', 'src/a.js');
    expect(told(await bench.run())).toEqual(CACHED);
    bench.remove('docs/new.md');
    bench.write('ignored', 'x');
    expect(told(await bench.run())).toEqual(CACHED);
  });

  it('counts the executable bit, a link’s target and an ignored file that is named', async () => {
    const bench = createBench({
      'checks.yaml': `checks:\n  lint: { run: ${marking('lint')}, inputs: { files: ["**", .env] } }\n`,
      'a.sh': 'a',
      '.gitignore': '.env\n',
    });
    const changes = [
      () => bench.write('a.sh', 'a', 0o755),
      () => symlinkSync('a.sh', join(bench.root, 'link')),
      () => bench.write('.env', 'A=1'),
      () => bench.write('.env', 'A=2'),
    ];
    await bench.run();
    for (const change of changes) {
      change();
      expect(told(await bench.run())).toEqual({ lint: 'passed' });
      expect(told(await bench.run())).toEqual({ lint: 'passed from cache' });
    }
  });

  it('is shared by the worktrees of a repository', async () => {
    const bench = createBench(FILES);
    await bench.run();
    bench.git('worktree', 'add', '--quiet', '../other');
    const other = benchAt(join(bench.root, '../other'), bench.results, {}, false);
    expect(told(await other.run())).toEqual(CACHED);
  });

  it('works outside of git', async () => {
    const bench = createBench(FILES, { git: false });
    expect(told(await bench.run())).toEqual(PASSED);
    expect(told(await bench.run())).toEqual(CACHED);
    bench.write('docs/a.md', 'changed');
    expect(told(await bench.run())).toEqual({ ...CACHED, docs: 'passed' });
  });

  it('depends on the variables that are named, gives the command no others, and keeps no value', async () => {
    const seen = "require('fs').writeFileSync('../seen', JSON.stringify(process.env))";
    const bench = createBench({
      'checks.yaml': `checks:\n  env: { run: ${marking('env', seen)}, inputs: { env: [NAMED] } }\n`,
    });
    const env = { ...process.env, NAMED: 'the value of it', UNNAMED: 'x' };
    await bench.run({ open: { env } });
    expect(told(await bench.run({ open: { env: { ...env, UNNAMED: 'y' } } }))).toEqual({ env: 'passed from cache' });
    const given = JSON.parse(readFileSync(join(bench.root, '../seen'), 'utf8')) as Record<string, string>;
    expect([given.NAMED, given.UNNAMED]).toEqual(['the value of it', undefined]);
    expect(told(await bench.run({ open: { env: { ...env, NAMED: 'other' } } }))).toEqual({ env: 'passed' });
    for (const file of files(bench.results)) expect(readFileSync(file, 'utf8')).not.toContain('the value of it');
  });

  it('runs a failure again, and tells it with --fast', async () => {
    const fails = `checks:\n  lint: { run: ${marking('lint', 'process.exit(3)')} }\n  next: { run: ${marking('next')}, needs: [lint] }\n`;
    const bench = createBench({ 'checks.yaml': fails });
    const first = await bench.run();
    expect(first.state).toBe('failed');
    expect(first.checks.map(({ why }) => why)).toEqual(['it ended with exit code 3', 'it needs lint, which failed']);
    await bench.run();
    expect(runsOf(bench.root, 'lint')).toEqual([2]);
    expect(told(await bench.run({ select: { fast: true } }))).toEqual({ lint: 'failed from cache', next: 'skipped' });
    expect(runsOf(bench.root, 'lint')).toEqual([2]);
  });

  it('ends at its time limit', async () => {
    const bench = createBench({
      'checks.yaml': `checks:\n  lint: { run: ${marking('lint')}, cacheFor: 1h }\n  never: { run: ${marking('never')}, cacheFor: 0s }\n`,
    });
    let ahead = 0;
    const open = { clock: { ...systemClock, now: () => systemClock.now() + ahead } };
    await bench.run({ open });
    expect(told(await bench.run({ open }))).toEqual({ lint: 'passed from cache', never: 'passed' });
    ahead = 3_600_000;
    expect(told(await bench.run({ open }))).toEqual({ lint: 'passed', never: 'passed' });
  });

  it('sets aside what is damaged and goes on', async () => {
    const bench = createBench(FILES);
    await bench.run();
    for (const file of files(bench.results))
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"passed"', '"failed"'));
    expect(told(await bench.run())).toEqual(PASSED);
    const aside = files(bench.results).filter((path) => path.includes('/damaged/'));
    expect(aside).toHaveLength(3);
  });

  it('keeps no result of inputs that changed while the check ran', async () => {
    const bench = createBench({
      ...FILES,
      'checks.yaml': `checks:\n  fmt: { run: ${marking('fmt', "require('fs').appendFileSync('src/a.js', 'x')")} }\n`,
    });
    expect((await bench.run()).checks[0]).toMatchObject({
      status: 'passed',
      key: null,
      why: expect.stringContaining('inputs changed meanwhile'),
    });
    expect(told(await bench.run())).toEqual({ fmt: 'passed' });
  });
});

describe('a run', () => {
  it('is limited to its jobs, and starts nothing before what it needs', async () => {
    const bench = createBench(FILES);
    const order: string[] = [];
    await bench.run({ jobs: 1, onProgress: (event) => void (event.type === 'started' && order.push(event.name)) });
    expect(order.indexOf('lint')).toBeLessThan(order.indexOf('test'));
    expect(order).toHaveLength(3);
  });

  it('takes names with their needs, leaves tags out, and refuses words that mean nothing', async () => {
    const bench = createBench(FILES);
    expect(told(await bench.run({ select: { names: ['test'], skip: ['lint'] } }))).toEqual({
      lint: 'skipped',
      test: 'passed',
    });
    expect(told(await bench.run({ select: { skip: ['tests'], fast: true } }))).toMatchObject({
      test: 'skipped',
      lint: 'skipped',
    });
    // What ran without its need is not believed later.
    expect(told(await bench.run({ select: { names: ['test'] } }))).toEqual({ lint: 'passed', test: 'passed' });
    await expect(bench.run({ select: { names: ['tset'] } })).rejects.toMatchObject({ code: 'check.unknown_name' });
    await expect(bench.run({ select: { skip: ['lnit'] } })).rejects.toMatchObject({ code: 'check.unknown_name' });
  });

  it('leaves out what is for another platform, and what it blocks runs', async () => {
    const bench = createBench({
      'checks.yaml': `checks:\n  mac: { run: ['false'], when: { platform: plan9 } }\n  next: { run: ${marking('next')}, needs: [mac] }\n`,
    });
    expect(told(await bench.run())).toEqual({ mac: 'skipped', next: 'passed' });
    expect(told(await bench.run())).toEqual({ mac: 'skipped', next: 'passed from cache' });
  });

  it('shows a flaky check as flaky, again and again, and a failure as a warning where that is said', async () => {
    const once = "process.exit(require('fs').readFileSync('../flaky.mark', 'utf8').length % 2)";
    const bench = createBench({
      'checks.yaml': `checks:\n  flaky: { run: ${marking('flaky', once)}, repeats: 2 }\n  warns: { run: ${marking('warns', 'process.exit(1)')}, repeats: 1, warn: true }\n`,
    });
    const run = await bench.run();
    expect(told(run)).toEqual({ flaky: 'flaky', warns: 'warning' });
    expect(run.state).toBe('passed');
    expect(run.checks[0]).toMatchObject({ attempts: 2, why: expect.stringContaining('passed at attempt 2') });
    expect(told(await bench.run())).toEqual({ flaky: 'flaky', warns: 'warning from cache' });
    expect(runsOf(bench.root, 'flaky', 'warns')).toEqual([4, 2]);
  });

  it('counts tests, and tells which fail newly against the base', async () => {
    const test = (body: string) => `require('node:test')('two', () => ${body}); require('node:test')('one', () => {});`;
    const bench = createBench({
      'checks.yaml': `checks:\n  test: { run: [${NODE}, --test, a.test.js] }\n`,
      'a.test.js': test('{}'),
    });
    const green = await bench.run();
    expect(green.checks[0]?.tests).toMatchObject({ passed: 2, failed: 0, newlyFailing: null });
    await bench.open().parts.runs.save(green);
    bench.write('a.test.js', test('{ throw new Error() }'));
    expect((await bench.run()).checks[0]).toMatchObject({
      status: 'failed',
      tests: { passed: 1, failed: 1, newlyFailing: ['a.test.js > two'] },
      why: 'it ended with exit code 1: 1 of 2 tests failed',
    });
  });

  it('believes a JUnit report that tells of failures before an exit code that does not, and no old report', async () => {
    const report = '<testsuite><testcase name="one"/><testcase name="two"><failure/></testcase></testsuite>';
    const bench = createBench({
      'checks.yaml': `checks:\n  test: { run: [${NODE}, write.js], junit: out.xml }\n`,
      'write.js': `require('fs').writeFileSync('out.xml', '${report}')`,
    });
    expect((await bench.run()).checks[0]).toMatchObject({
      status: 'failed',
      why: 'it ended with exit code 0, but 1 of 2 tests failed',
    });
    bench.write('write.js', '');
    expect(
      (await bench.run({ open: { clock: { ...systemClock, now: () => systemClock.now() + 60_000 } } })).checks[0],
    ).toMatchObject({ status: 'passed', tests: null });
  });

  it('ends the whole group at the time limit, and redacts and keeps the output', async () => {
    const hangs =
      "console.log('ghp_' + 'a1B2'.repeat(9)); require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 9)'], { stdio: 'inherit' })";
    const bench = createBench({
      'checks.yaml': `checks:\n  slow: { run: [${NODE}, slow.js], timeLimit: 1500ms }\n`,
      'slow.js': hangs,
    });
    const [outcome] = (await bench.run()).checks;
    expect(outcome).toMatchObject({ status: 'failed', why: 'it was ended at its time limit of 1.5 s' });
    expect(outcome?.tail).toContain('[redacted');
    expect(readFileSync(outcome?.output ?? '', 'utf8')).toBe(outcome?.tail);
  });

  it('says which command cannot be run', async () => {
    const bench = createBench({ 'checks.yaml': 'checks:\n  none: { run: no-such-program }\n' });
    expect((await bench.run()).checks[0]).toMatchObject({
      status: 'failed',
      why: expect.stringContaining('no-such-program cannot be run'),
    });
  });

  it('starts nothing on a full disk', async () => {
    const bench = createBench(FILES);
    const { cache } = bench.open().parts;
    await expect(
      bench.run({ parts: { cache: { ...cache, freeBytes: async () => 1024 ** 3 - 1 } } }),
    ).rejects.toMatchObject({ code: 'check.no_space' });
    expect(existsSync(join(bench.root, '../lint.mark'))).toBe(false);
  });

  it('keeps what was finished when it is interrupted', async () => {
    const bench = createBench({
      'checks.yaml': `checks:\n  quick: { run: ${marking('quick')} }\n  slow: { run: ${marking('slow', 'setInterval(() => {}, 9)')}, needs: [quick] }\n  never: { run: ${marking('never')}, needs: [slow] }\n`,
    });
    const stop = new AbortController();
    const run = await bench.run({
      signal: stop.signal,
      onProgress: (event) => event.type === 'started' && event.name === 'slow' && stop.abort(),
    });
    expect(told(run)).toEqual({ quick: 'passed', slow: 'cancelled', never: 'skipped' });
    expect(run.state).toBe('cancelled');
    expect(told(await bench.run({ select: { names: ['quick'] } }))).toEqual({ quick: 'passed from cache' });
  });

  it('touches nothing when it is dry', async () => {
    const bench = createBench(FILES);
    await bench.run();
    bench.write('src/a.js', 'changed');
    const before = picture(join(bench.root, '..'));
    const run = await bench.run({ dryRun: true, open: { readOnly: true } });
    expect(told(run)).toEqual({ lint: 'skipped', docs: 'passed from cache', test: 'skipped' });
    expect(run.checks[0]?.why).toContain('would run');
    expect(picture(join(bench.root, '..'))).toEqual(before);
  });
});

describe('two runs at once', () => {
  it('run each check once, and the second says for whom it waits', async () => {
    const bench = createBench({
      'checks.yaml': `checks:\n  one: { run: ${marking('one', "require('fs').readFileSync('../gate')")} }\n`,
    });
    bench.git('worktree', 'add', '--quiet', '../other');
    const other = benchAt(join(bench.root, '../other'), bench.results, {}, false);
    mkfifo(join(bench.root, '../gate'));
    const waiting = Promise.withResolvers<string>();
    const running = Promise.withResolvers<void>();
    const first = bench.run({ onProgress: (event) => event.type === 'started' && running.resolve() });
    await running.promise;
    const second = other.run({ onProgress: (event) => event.type === 'waiting' && waiting.resolve(event.text) });
    expect(await waiting.promise).toBe(`process ${process.pid} runs one on the same inputs`);
    writeFileSync(join(bench.root, '../gate'), '');
    expect(told(await first)).toEqual({ one: 'passed' });
    expect(told(await second)).toEqual({ one: 'passed from cache' });
    expect(runsOf(bench.root, 'one')).toEqual([1]);
  });

  it('do not wait for one that is dead', async () => {
    const { results } = createBench({}, { git: false });
    const claims = join(results, 'claims');
    mkdirSync(claims, { recursive: true });
    const claim = createClaims(claims, systemClock);
    const signal = new AbortController().signal;
    const dead = [{ pid: process.pid, born: 'an earlier boot:1' }, { pid: 2 ** 22 + 1, born: null }, 'torn'];
    for (const holder of dead) {
      writeFileSync(join(claims, 'a.json'), JSON.stringify(holder));
      let ended = 0;
      const leave = await claim(
        'a',
        signal,
        () => expect.unreachable(),
        async () => void ended++,
      );
      expect(ended).toBe(1);
      await leave();
    }
    expect(readdirSync(claims)).toEqual([]);
  });
});

function mkfifo(path: string): void {
  process.getBuiltinModule('node:child_process').execFileSync('mkfifo', [path]);
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
