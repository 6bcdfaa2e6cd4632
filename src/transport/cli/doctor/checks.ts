import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentFound, type AgentPreset, type BuiltInResult, inRange, type Probes } from '../../../checks/index.ts';
import type { Client } from '../client.ts';
import { failureOf } from '../failure.ts';
import { findServer, isAlive, readServerFile } from '../server-file.ts';
import type { World } from '../world.ts';
import { type Finding, note, ok, problem, warning } from './findings.ts';

const NODE_WANTED = '>=24.15.0';
const GIT_WANTED = '>=2.30.0';

export function checkNode(version: string): Finding {
  return inRange(version, NODE_WANTED)
    ? ok('node', `node ${version}`)
    : problem(
        'node',
        `node is ${version}, and ${NODE_WANTED} is wanted.`,
        'Install Node 24, or run ./heph from a clone, which brings its own.',
      );
}

/** What every run needs of this machine, whichever repository it is about. */
export async function checkMachine(probes: Probes, directory: string): Promise<Finding[]> {
  const [git, bwrap, disk] = await Promise.all([
    probes.program('git', GIT_WANTED),
    probes.program('bwrap', null),
    probes.disk(directory),
  ]);
  return [
    asFinding('git', git, problem),
    bwrap.good ? ok('sandbox', bwrap.text) : noSandbox(),
    asFinding('disk', disk, warning),
  ];
}

function asFinding(what: string, { good, text, next }: BuiltInResult, otherwise: typeof problem): Finding {
  return good ? ok(what, text) : otherwise(what, text, next ?? 'See docs/troubleshooting.md.');
}

function noSandbox(): Finding {
  return note(
    'sandbox',
    'bwrap is not installed: an agent runs as you, and can read and change whatever you can.',
    'Install bubblewrap, or run only agents that you trust with your account.',
  );
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
export async function checkLiving(client: Client, world: World, probes: Probes): Promise<Finding[]> {
  const builtIn = await world.programs.builtInAgents();
  if (!(await findServer(client.directory))) return (await probes.agents(builtIn)).map(agentFinding);
  try {
    const [{ summary }, health] = await Promise.all([
      client.query<{ summary: { settings: { agents: Record<string, AgentPreset> } } }>('get_config', {}),
      client.query<{ checks: { name: string; status: string; detail: string }[] }>('health_check', {}),
    ]);
    const agents = await probes.agents({ ...builtIn, ...summary.settings.agents });
    return [...health.checks.map(healthFinding), ...agents.map(agentFinding)];
  } catch (error) {
    const failure = failureOf(error);
    return [problem('server', failure.message, failure.next)];
  }
}

/** One that is missing is needed by those only who use it. */
function agentFinding({ name, text, next }: AgentFound): Finding {
  return next === null ? ok(`agent ${name}`, text) : note(`agent ${name}`, text, next);
}

/** What the server says of one of its parts; what it has not measured is told as such. */
export function healthFinding({ name, status, detail }: { name: string; status: string; detail: string }): Finding {
  if (status === 'ok') return ok(name, detail);
  if (status === 'unknown') return note(name, `unknown: ${detail}`, 'Nothing, unless something does not work.');
  const finding = status === 'failed' ? problem : warning;
  return finding(name, detail, 'Read `heph logs server`.');
}
