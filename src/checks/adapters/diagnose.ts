import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, note, ok, problem, warning } from '../../kernel/findings.ts';
import type { AgentFound, AgentPreset, BuiltInResult, Probes } from '../ports.ts';
import { inRange } from '../version-range.ts';

const NODE_WANTED = '>=24.15.0';
const GIT_WANTED = '>=2.30.0';

/** Where a server runs, or one would be started. */
export interface Place {
  directory: string;
  nodeVersion: string;
  uid: number | undefined;
  /** Those that are looked for, by name. */
  agents: Readonly<Record<string, AgentPreset>>;
}

/** What every run needs of this machine, whichever repository it is about. Touches nothing. */
export async function diagnose(probes: Probes, { directory, nodeVersion, uid, agents }: Place): Promise<Finding[]> {
  const [machine, found] = await Promise.all([checkMachine(probes, directory), probes.agents(agents)]);
  return [checkNode(nodeVersion), ...machine, checkDataDirectory(directory, uid), ...found.map(agentFinding)];
}

export function checkNode(version: string): Finding {
  return inRange(version, NODE_WANTED)
    ? ok('node', `node ${version}`)
    : problem(
        'node',
        `node is ${version}, and ${NODE_WANTED} is wanted.`,
        'Install Node 24, or run ./heph from a clone, which brings its own.',
      );
}

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

/** One that is missing is needed by those only who use it. */
function agentFinding({ name, text, next }: AgentFound): Finding {
  return next === null ? ok(`agent ${name}`, text) : note(`agent ${name}`, text, next);
}
