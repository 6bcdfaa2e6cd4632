import { lstatSync, readdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Client } from '../client.ts';
import { failureOf } from '../failure.ts';
import { findServer, isAlive, readServerFile } from '../server-file.ts';
import type { World } from '../world.ts';
import { checkAgents, type DoctorPreset } from './agents.ts';
import { atLeast, type Finding, note, ok, problem, warning } from './findings.ts';
import { findExecutable, versionOf } from './run-tool.ts';

const NODE_LEAST = '24.15.0';
const GIT_LEAST = '2.30.0';
const FREE_BYTES_LEAST = 1024 ** 3;

export function checkNode(version: string): Finding {
  return atLeast(version, NODE_LEAST)
    ? ok('node', `Node ${version}`)
    : problem(
        'node',
        `Node ${version} is older than ${NODE_LEAST}.`,
        'Install Node 24, or run ./heph from a clone, which brings its own.',
      );
}

export async function checkGit(env: World['env']): Promise<Finding> {
  const file = findExecutable('git', env);
  const version = file && (await versionOf(file, env));
  if (!version) return problem('git', 'git is not on the PATH, or does not run.', 'Install git.');
  return atLeast(version.replace(/^\D+/, ''), GIT_LEAST)
    ? ok('git', version)
    : problem('git', `${version} is older than ${GIT_LEAST}.`, 'Install a newer git.');
}

export async function checkSandbox(env: World['env']): Promise<Finding> {
  const file = findExecutable('bwrap', env);
  const version = file && (await versionOf(file, env));
  if (version) return ok('sandbox', version);
  return note(
    'sandbox',
    'bwrap is not installed: an agent runs as you, and can read and change whatever you can.',
    'Install bubblewrap, or run only agents that you trust with your account.',
  );
}

/** Room where the data is, or will be. */
export function checkDisk(directory: string): Finding {
  const { bavail, bsize } = statfsSync(nearest(directory));
  const free = bavail * bsize;
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free for ${directory}`;
  return free >= FREE_BYTES_LEAST
    ? ok('disk', text)
    : warning('disk', `Only ${text}.`, 'Free some space: a full disk stops the log.');
}

/** The directory is the person's own, and nobody else can reach into it. */
export function checkDataDirectory(directory: string, uid: number | undefined): Finding {
  const top = lstatSync(directory, { throwIfNoEntry: false });
  if (!top) return ok('data', `${directory} does not exist yet; it is made at the first start.`);
  const names = ['.', ...readdirSync(directory)];
  const stats = names.flatMap((name) => {
    const stat = lstatSync(join(directory, name), { throwIfNoEntry: false });
    return stat ? [{ name, stat }] : [];
  });
  const foreign = stats.filter(({ stat }) => uid !== undefined && stat.uid !== uid).map(({ name }) => name);
  if (foreign.length > 0)
    return problem(
      'data',
      `In ${directory}, ${foreign.join(', ')} belong to another user.`,
      'Give them back with chown, or use another directory with --data.',
    );
  const loose = stats.filter(({ stat }) => !stat.isSymbolicLink() && (stat.mode & 0o077) !== 0).map(({ name }) => name);
  if (loose.length > 0)
    return problem(
      'data',
      `Others can reach ${loose.join(', ')} in ${directory}.`,
      `Run: chmod -R go-rwx ${directory}`,
    );
  return ok('data', `${directory} is yours alone.`);
}

export async function checkServer(directory: string): Promise<Finding> {
  const server = await findServer(directory);
  if (server) return ok('server', `${server.url}, pid ${server.pid}, version ${server.version}`);
  const file = readServerFile(directory);
  if (file && isAlive(file.pid))
    return warning(
      'server',
      `Process ${file.pid} may be the server, but ${file.url} does not answer as it should.`,
      'Read `heph logs server`; if it hangs, end that process and run `heph up`.',
    );
  return ok('server', 'None runs; one is started when it is needed.');
}

/** What only a living server can tell: its parts, and which agents are configured. Without one, the agents that we ship. */
export async function checkLiving(client: Client, world: World): Promise<Finding[]> {
  const builtIn = await world.programs.builtInAgents();
  if (!(await findServer(client.directory))) return checkAgents(builtIn, world);
  try {
    const [{ summary }, health] = await Promise.all([
      client.query<{ summary: { settings: { agents: Record<string, DoctorPreset> } } }>('get_config', {}),
      client.query<{ checks: { name: string; status: string; detail: string }[] }>('health_check', {}),
    ]);
    const agents = await checkAgents({ ...builtIn, ...summary.settings.agents }, world);
    return [...health.checks.map(healthFinding), ...agents];
  } catch (error) {
    const failure = failureOf(error);
    return [problem('server', failure.message, failure.next)];
  }
}

/** What the server says of one of its parts; what it has not measured is told as such. */
export function healthFinding({ name, status, detail }: { name: string; status: string; detail: string }): Finding {
  if (status === 'ok') return ok(name, detail);
  if (status === 'unknown') return note(name, `unknown: ${detail}`, 'Nothing, unless something does not work.');
  const finding = status === 'failed' ? problem : warning;
  return finding(name, detail, 'Read `heph logs server`.');
}

/** The nearest folder above that exists. */
function nearest(path: string): string {
  return lstatSync(path, { throwIfNoEntry: false }) || dirname(path) === path ? path : nearest(dirname(path));
}
