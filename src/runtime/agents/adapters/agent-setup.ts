import { mkdirSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { sha256 } from '../../../kernel/canonical.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { HephError } from '../../../kernel/errors.ts';
import type { Random } from '../../../kernel/random.ts';
import { HOLDER_PROTOCOL, type HolderOrder } from '../../terminals/holder-protocol.ts';
import { bootId } from '../../terminals/adapters/processes.ts';
import type { AgentStart } from '../../runner.ts';
import { agentEnvironment, secretValues } from '../environment.ts';
import { bridgeArguments, type McpBridge, mcpConfig } from '../mcp-config.ts';
import { expandPlaceholders } from '../placeholders.ts';
import { type AgentFolder, layFile, makeFolder, readText, recordClaim, type StartRecord } from './agent-folder.ts';
import { findExecutable, realFolder } from './executable.ts';
import { socketPathFor } from './socket-path.ts';

/** The kernel's limit for one argument, its closing NUL included. */
const ARGUMENT_BYTES_MAX = 131_071;
const TOKEN_BYTES = 32;
const TOKEN = /^hph_a_[A-Za-z0-9_-]{43}$/;

export interface SetupOptions {
  runnerId: string;
  clock: Clock;
  random: Random;
  mcpBridge: McpBridge;
  redactValues(): readonly string[];
}

/** Everything about a start that can be wrong has been looked at, and nothing was written yet. */
export interface AgentPlan {
  request: AgentStart;
  worktree: string;
  argv: string[];
  environment: Record<string, string>;
  files: { path: string; text: string }[];
}

/**
 * Expands and checks a request. Throws Fault `agent.not_found_executable` or `terminal.failed` (no worktree), and Invalid
 * `input.invalid` for what no program could be given.
 */
export function planAgent(folder: AgentFolder, request: AgentStart, bridge: McpBridge): AgentPlan {
  const worktree = realFolder(request.worktree);
  const bridgeArgs = bridgeArguments(bridge, request.dataDirectory, folder.token);
  const values = {
    prompt_file: folder.prompt,
    prompt: request.prompt,
    worktree,
    mcp_config: folder.mcpConfig,
    task_id: request.taskId,
    agent_id: request.agentId,
    token_file: folder.token,
    agent_dir: folder.agentDirectory,
    mcp_command_json: JSON.stringify(bridge.command),
    mcp_args_json: JSON.stringify(bridgeArgs),
    mcp_argv_json: JSON.stringify([bridge.command, ...bridgeArgs]),
  };
  const expand = (template: string) => expandPlaceholders(template, values);
  const environment = agentEnvironment({
    from: process.env,
    passEnv: request.passEnv ?? [],
    env: Object.fromEntries(Object.entries(request.env).map(([name, value]) => [name, expand(value)])),
    agentId: request.agentId,
    taskId: request.taskId,
  });
  const argv = request.argv.map(expand);
  argv.forEach(checkArgument);
  argv[0] = findExecutable(argv[0] ?? '', environment.PATH, worktree);
  const files = Object.entries(request.files ?? {}).map(([name, text]) => ({
    path: join(folder.agentDirectory, ownPath(name)),
    text: expand(text),
  }));
  return { request, worktree, argv, environment, files };
}

/** Claims the agent, lays its files into its folder, and answers the order for its holder. Done again after a crash, it keeps the token. */
export async function layAgent(
  folder: AgentFolder,
  plan: AgentPlan,
  options: SetupOptions,
): Promise<{ order: Omit<HolderOrder, 'epoch'>; tokenHash: string }> {
  const { request, worktree, argv, environment } = plan;
  const isFirst = makeFolder(folder);
  const token = readToken(folder) ?? mintToken(options.random);
  const start: StartRecord = {
    agentId: request.agentId,
    taskId: request.taskId,
    runnerId: options.runnerId,
    bootId: bootId(),
    claimedAt: options.clock.now(),
    tokenHash: sha256(token),
    worktree,
    argv: request.argv,
    environmentNames: Object.keys(environment).sort(),
    dataDirectory: request.dataDirectory,
    terminal: request.terminal,
    limits: request.limits,
  };
  // The files are laid while the claim goes to the disk.
  const [socketPath] = await Promise.all([
    socketPathFor(folder.path),
    recordClaim(folder, start, isFirst),
    layFiles(folder, plan, token, options.mcpBridge),
  ]);
  const order = {
    protocol: HOLDER_PROTOCOL,
    agentId: request.agentId,
    folder: folder.path,
    socketPath,
    bootId: start.bootId,
    argv,
    env: environment,
    cwd: worktree,
    ...request.terminal,
    ...request.limits,
    redactValues: [...options.redactValues(), token, ...secretValues(environment)],
  };
  return { order, tokenHash: start.tokenHash };
}

/** What the agent reads when it is started. Asynchronous only so that it fails beside what it is waited for with. */
async function layFiles(
  folder: AgentFolder,
  { request, files }: AgentPlan,
  token: string,
  bridge: McpBridge,
): Promise<void> {
  mkdirSync(folder.agentDirectory, { mode: 0o700, recursive: true });
  layFile(folder.token, token);
  layFile(folder.prompt, request.prompt);
  layFile(folder.mcpConfig, mcpConfig(bridge, request.dataDirectory, folder.token));
  for (const { path, text } of files) {
    mkdirSync(dirname(path), { mode: 0o700, recursive: true });
    layFile(path, text);
  }
}

/** A token that an earlier try laid; one that it had no time to write wholly does not count. */
function readToken(folder: AgentFolder): string | null {
  const text = readText(folder.token);
  return text !== null && TOKEN.test(text) ? text : null;
}

/** The prefix lets scanners find a token that got where it should not be. */
function mintToken(random: Random): string {
  return `hph_a_${Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')}`;
}

function checkArgument(argument: string): void {
  if (argument.includes('\0')) throw new HephError('input.invalid', 'An argument of the agent holds a NUL character.');
  if (Buffer.byteLength(argument) <= ARGUMENT_BYTES_MAX) return;
  throw new HephError(
    'input.invalid',
    'An argument of the agent is longer than the system takes; use {prompt_file} instead of {prompt}.',
  );
}

/** A path that stays inside the agent's folder. */
function ownPath(name: string): string {
  const path = normalize(name);
  const leaves = path.startsWith(sep) || path === '..' || path.startsWith(`..${sep}`) || path.includes('\0');
  if (leaves || path === '.' || path.endsWith(sep)) {
    throw new HephError('input.invalid', `"${name}" is no file inside the agent's folder.`);
  }
  return path;
}
