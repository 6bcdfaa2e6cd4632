import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const run = promisify(execFile);
/** What is packed, built for this run. */
const packed = String(process.env.HEPH_TEST_PACKED);
const place = mkdtempSync(join(tmpdir(), 'heph-package-'));
const heph = join(place, 'node_modules', 'heph', 'bin', 'heph.js');
/** As a user calls it, but under our Node whatever the PATH has. */
const call = (words: string[]) =>
  run(process.execPath, [heph, ...words, '--data', join(place, 'data')], { cwd: place, maxBuffer: 64 * 1024 * 1024 });
const jsonOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', place], {
    cwd: packed,
  });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  const words = ['install', '--prefix', place, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', [...words, join(place, filename)], { cwd: place });
}, 300_000);

afterAll(async () => {
  await call(['down']).catch(() => {});
  rmSync(place, { recursive: true, force: true });
});

describe('the installed package', () => {
  it('says its version', async () => {
    expect((await run(process.execPath, [heph, '--version'])).stdout).toBe(`${packageJson.version}\n`);
  });

  it('exports the client of the stream', async () => {
    const script = "console.log(Object.keys(await import('heph/stream-client')).sort().join(' '))";
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: place });
    expect(stdout).toBe('StreamError connectStream dialWithTicket dialWithToken streamUrl withoutReplies\n');
  });

  it('has a verb for every definition, without loading their schemas', async () => {
    expect((await call(['task', 'cancel', '--help'])).stdout).toContain('--reason');
  });

  it('starts a server that lives on, asks it, and stops it', async () => {
    expect(jsonOf((await call(['queue', '--json'])).stdout)).toMatchObject([{ view: 'queue', rows: {} }]);
    const [status] = jsonOf((await call(['status', '--json'])).stdout);
    expect(status).toMatchObject({ type: 'status', version: packageJson.version, agents: [] });
    expect(jsonOf((await call(['down', '--json'])).stdout)).toMatchObject([{ stopped: true, pid: status?.pid }]);
  });

  it('repairs the demo repository, proves it, and leaves a story that replays', async () => {
    const { stdout } = await call(['demo', '--json']);
    const report = jsonOf(stdout).at(-1) as {
      outcome: string;
      claims: { claim: string; true: boolean }[];
      repository: string;
      data: string;
    };
    try {
      expect(report.outcome).toBe('completed');
      expect(report.claims.filter((claim) => !claim.true)).toEqual([]);
      expect(report.claims.length).toBeGreaterThan(4);
      const replayed = await run(process.execPath, [heph, 'replay', '--json', '--data', report.data]);
      expect(jsonOf(replayed.stdout)).toMatchObject([{ type: 'replayed', difference: null }]);
    } finally {
      rmSync(dirname(report.repository), { recursive: true, force: true });
    }
  });
});
