import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { openGates } from '../checks/adapters/gates.ts';
import { type Failure, HephError, invalid, isFailure, messageOf } from '../kernel/errors.ts';
import { systemClock, systemRandom } from '../kernel/adapters/system.ts';
import type { Log } from '../kernel/log.ts';
import type { Redactor } from '../kernel/redact.ts';
import { splitWords } from '../kernel/words.ts';
import { graphNames } from '../runtime/checks/graph-command.ts';
import { createAgentHands } from '../runtime/agents/adapters/agent-hands.ts';
import type { Runner } from '../runtime/runner.ts';
import { createRepositoryHands, type RepositoryHands } from '../runtime/worktrees/adapters/repository-hands.ts';
import { findAgents } from './find-agents.ts';
import { cliArgv, NODE, programFile } from './installation.ts';

/** Of a data directory whose log nobody shares. */
export const LOCAL_RUNNER = 'local';

export type LocalRunner = Runner & Pick<RepositoryHands, 'takeRefs'>;

/** The runner of this machine: git, terminals and checks below one data directory. */
export async function openLocalRunner(parts: {
  dataDirectory: string;
  runnerId: string;
  log: Log;
  redactor: Redactor;
  secrets: () => readonly string[];
}): Promise<LocalRunner> {
  const { dataDirectory: directory, runnerId, log, redactor } = parts;
  const [node, ...cli] = cliArgv();
  const repositories = createRepositoryHands({
    directory,
    clock: systemClock,
    random: systemRandom,
    log,
    redact: (text) => redactor.redactText(text),
    environment: process.env,
    mutator: programFile('mutator'),
    engine: openGates({
      results: join(directory, 'gates'),
      env: process.env,
      clock: systemClock,
      random: systemRandom,
      redactor,
      agents: () => findAgents(process.env),
    }),
  });
  const { touchedFiles, ...ofRepositories } = repositories;
  const { expectStart, ...agents } = await createAgentHands({
    directory,
    runnerId,
    clock: systemClock,
    random: systemRandom,
    holderProgram: { node: NODE, entry: programFile('holder') },
    mcpBridge: { command: node as string, args: [...cli, 'mcp'] },
    redactValues: parts.secrets,
    log: { warn: (message, details) => log.warn(details ?? {}, message) },
  });
  return {
    id: runnerId,
    ...ofRepositories,
    ...agents,
    async observeAgent(request) {
      const seen = await agents.observeAgent(request);
      if (!request.files || seen.state !== 'running') return seen;
      try {
        return { ...seen, files: await touchedFiles(request.files) };
      } catch (error) {
        return { ...seen, filesReason: messageOf(error) };
      }
    },
    // Who asks for a worktree is about to start an agent in it.
    prepareWorktree(request) {
      expectStart(request.taskId);
      return repositories.prepareWorktree(request);
    },
  };
}

/** What is wrong with a check's words before anything is started: no command, shell syntax, a program that is not there. */
export function checkProblem(command: string): Failure | null {
  try {
    if (graphNames(command) !== null) return null;
    const program = splitWords(command)[0];
    if (program === undefined)
      return invalid('input.invalid', 'The check is empty: give a command such as "npm test".');
    if (program.includes('/') || isOnPath(program)) return null;
    return invalid(
      'check.unknown_command',
      `The check begins with ${JSON.stringify(program)}, which is not on the PATH.`,
    );
  } catch (error) {
    if (error instanceof HephError && isFailure(error)) return error;
    throw error;
  }
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
