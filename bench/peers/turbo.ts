import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';

/** Its own program, not the script that would start Node first. */
const PROGRAM = join(
  import.meta.dirname,
  'node_modules',
  '@turbo',
  `linux-${arch() === 'arm64' ? 'arm64' : '64'}`,
  'bin',
  'turbo',
);

/** Null when Turborepo is here, else what to do about it. */
export function missingTurbo(): string | null {
  return existsSync(PROGRAM) ? null : 'Turborepo is absent: npm run peers';
}

/** Runs the task `test` of every package, as many at a time as said. It leaves no process, asks no server and tells nobody. */
export function runTurbo(root: string, cacheDirectory: string, jobs: number): void {
  const words = [
    ...['run', 'test', `--cache-dir=${cacheDirectory}`, `--concurrency=${jobs}`],
    ...['--output-logs=none', '--ui=stream', '--no-color', '--no-update-notifier', '--skip-infer'],
  ];
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
  const { status, stderr } = spawnSync(PROGRAM, words, {
    ...{ cwd: root, env, encoding: 'utf8' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`turbo ended with ${status}: ${stderr}`);
}
