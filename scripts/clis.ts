import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheOf, findCli, REAL_CLI_NAMES, REAL_CLIS, type RealCli } from '../tests/support/real-clis.ts';

/**
 * `npm run clis [-- --only codex]`: installs the coding agents that `npm run test:clis` runs, in their pinned versions, each into
 * a folder of its own outside the clone (`HEPH_CLIS`, else the user's cache). What is there already stays. The exit code is 1
 * when one could not be installed.
 */

const INSTALL_MS_MAX = 300_000;
/** Without a registry npm would try for more than a minute. */
const FAIL_SOON = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000'];

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
const unknown = values.only?.filter((name) => !Object.hasOwn(REAL_CLIS, name)) ?? [];
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(', ')}; there are ${REAL_CLI_NAMES.join(', ')}.`);
  process.exit(2);
}
const wanted = REAL_CLI_NAMES.filter((name) => values.only?.includes(name) ?? true);
const failed = wanted.filter((name) => !isThere(name) && !install(name));
process.exitCode = failed.length === 0 ? 0 : 1;

function isThere(name: RealCli): boolean {
  const found = findCli(name, { ...process.env, PATH: '' });
  if (!found?.pinned) return false;
  console.log(`${name} ${found.version} is in ${cacheOf(name)}.`);
  return true;
}

/** npm takes an older version in silence when this one does not fit the Node that runs it, so ours goes first. */
function install(name: RealCli): boolean {
  const { package: id, version } = REAL_CLIS[name];
  const folder = cacheOf(name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  console.log(`Installing ${id} ${version} into ${folder} …`);
  // Their own scripts fetch nothing: they link the program for this system, which npm has brought.
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts=false', '--save-exact', '--loglevel=error', ...FAIL_SOON];
  const words = ['install', ...flags, '--', `${id}@${version}`];
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const npm = spawnSync('npm', words, {
    ...{ cwd: folder, env: { ...process.env, PATH }, encoding: 'utf8' as const },
    timeout: INSTALL_MS_MAX,
  });
  const found = findCli(name, { ...process.env, PATH: '' });
  if (found?.pinned) return true;
  const why = npm.error?.message ?? (npm.status === 0 ? `it answers ${found?.version ?? 'nothing'}` : npm.stderr);
  console.error(`${id} ${version} could not be installed: ${why.trim()}`);
  return false;
}
