import { simpleGit } from 'simple-git';
import type { Clock } from '../../../kernel/clock.ts';
import { Fault, messageOf } from '../../../kernel/errors.ts';
import type { Git, GitAnswer, GitCall } from '../git.ts';

const TIMEOUT_MS = 120_000;
const MESSAGE_CHARS_MAX = 2_000;

const EVERYWHERE = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'submodule.recurse=false',
  'fetch.recurseSubmodules=false',
  'protocol.version=2',
];
const OURS = [
  ...EVERYWHERE,
  'core.attributesFile=/dev/null',
  'core.excludesFile=/dev/null',
  'core.untrackedCache=false',
  'commit.gpgSign=false',
  'merge.renames=true',
];

/** Variables of the user's that git or their filters need in their own repository. */
const USERS_VARIABLES = ['HOME', 'USER', 'LOGNAME', 'XDG_CONFIG_HOME', 'TMPDIR', 'GIT_CONFIG_GLOBAL'];

const ALLOWED_VARIABLES = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_ATTR_NOSYSTEM',
  'GIT_TERMINAL_PROMPT',
  'GIT_ALLOW_PROTOCOL',
  'GIT_NO_LAZY_FETCH',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_OPTIONAL_LOCKS',
  'GIT_AUTHOR_NAME',
  'GIT_AUTHOR_EMAIL',
  'GIT_AUTHOR_DATE',
  'GIT_COMMITTER_NAME',
  'GIT_COMMITTER_EMAIL',
  'GIT_COMMITTER_DATE',
];

/** The one place that starts git. `environment` is the user's; only the variables named above are taken from it. */
export function simpleGitAdapter(options: { clock: Clock; environment: NodeJS.ProcessEnv }): Git {
  return {
    async run(args, call) {
      const abort = new AbortController();
      const cancel = options.clock.after(call.timeoutMs ?? TIMEOUT_MS, () => abort.abort());
      let answer: GitAnswer | undefined;
      let failure: unknown;
      try {
        const git = simpleGit({
          baseDir: call.cwd,
          abort: abort.signal,
          config: call.config === 'ours' ? OURS : EVERYWHERE,
          completion: { onClose: true, onExit: false },
          allowEnvironment: ALLOWED_VARIABLES,
          unsafe: {
            allowUnsafeHooksPath: true,
            allowUnsafeFsMonitor: true,
            allowUnsafeTemplateDir: true,
            allowUnsafeConfigPaths: true,
          },
          ...(call.input !== undefined && { input: () => call.input }),
          errors(_error, result) {
            answer = {
              code: result.exitCode,
              stdout: Buffer.concat(result.stdOut),
              stderr: Buffer.concat(result.stdErr).toString('utf8'),
            };
            return undefined;
          },
        }).env(environmentOf(call, options.environment));
        await git.outputHandler(neverSilent).raw([...args]);
      } catch (error) {
        failure = error;
      } finally {
        cancel();
      }
      return judge(args, call, answer, failure, abort.signal.aborted);
    },
  };
}

// simple-git waits 50 ms more for a process that wrote nothing, lest it miss late output. We end on `close`, which
// comes after all output, so an empty chunk tells it not to wait.
function neverSilent(_command: string, _stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream): void {
  process.nextTick(() => stderr.emit('data', Buffer.alloc(0)));
}

function environmentOf(call: GitCall, user: NodeJS.ProcessEnv): Record<string, string> {
  const env: Record<string, string> = {
    PATH: user.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'file',
    GIT_OPTIONAL_LOCKS: '0',
  };
  if (call.config === 'ours') {
    Object.assign(env, {
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_NO_LAZY_FETCH: '1',
      GIT_NO_REPLACE_OBJECTS: '1',
    });
  } else {
    for (const name of USERS_VARIABLES) if (user[name] !== undefined) env[name] = user[name];
  }
  if (call.gitDir) env.GIT_DIR = call.gitDir;
  if (call.workTree) env.GIT_WORK_TREE = call.workTree;
  if (call.indexFile) env.GIT_INDEX_FILE = call.indexFile;
  if (call.committer) {
    const date = `${Math.floor(call.committer.at / 1000)} +0000`;
    for (const role of ['AUTHOR', 'COMMITTER']) {
      env[`GIT_${role}_NAME`] = 'Hephaestus';
      env[`GIT_${role}_EMAIL`] = 'hephaestus@localhost';
      env[`GIT_${role}_DATE`] = date;
    }
  }
  return env;
}

function judge(
  args: readonly string[],
  call: GitCall,
  answer: GitAnswer | undefined,
  failure: unknown,
  timedOut: boolean,
): GitAnswer {
  const details = { argv: args.map((arg) => arg.slice(0, 200)).slice(0, 30), code: answer?.code };
  if (timedOut) throw new Fault('git.timeout', `git ${args[0]} took too long.`, { details });
  if (failure !== undefined || !answer) {
    throw new Fault('git.failed', `git ${args[0]} could not be run: ${messageOf(failure)}`, {
      details,
      cause: failure,
    });
  }
  if (answer.code !== 0 && !call.accept?.includes(answer.code)) {
    const words = answer.stderr.trim().slice(-MESSAGE_CHARS_MAX) || `exit code ${answer.code}`;
    throw new Fault('git.failed', `git ${args[0]}: ${words}`, { details });
  }
  return answer;
}
