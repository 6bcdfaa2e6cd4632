import { Command, CommanderError, Option } from 'commander';
import { addBestOfVerbs } from './best-of/verbs.ts';
import { child } from './generated-verbs.ts';
import { createClient } from './client.ts';
import { EXIT, fail } from './failure.ts';
import { createOutput } from './output.ts';
import type { AddVerb, Start } from './handler.ts';
import { dataDirectoryOf } from './server-file.ts';
import { storeOf } from './store-url.ts';
import type { CheckOptions } from './verbs/check.ts';
import type { DoctorOptions } from './verbs/doctor.ts';
import type { PruneOptions } from './verbs/prune.ts';
import { parseParam, type RunOptions } from './verbs/run.ts';
import type { TopOptions } from './verbs/top.ts';
import type { World } from './world.ts';

/** Fallible by design: an unknown verb or a bad flag is thrown, so that one place prints it. */
export function createProgram(
  world: World,
  version: string,
  finished: (code: number) => void,
): { program: Command; taken: ReadonlySet<string>; begin(command: Command, start: boolean): Start } {
  const taken = new Set<string>();
  const program = new Command('heph')
    .description('Runs fleets of coding agents on real repositories and keeps the whole story as events.')
    .version(version, '-V, --version', 'Print the version')
    .option('--data <directory>', 'The data directory (default: HEPH_DATA, else heph in your data home)')
    .option('--json', 'One JSON object per line instead of text')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: true })
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
      outputError: () => {},
    })
    .showSuggestionAfterError()
    .exitOverride();

  const storeOption = () =>
    new Option(
      '--store <url>',
      'Where the log is kept: sqlite, esdb://… or kurrentdb://… (default: HEPH_STORE, else sqlite)',
    );
  const placeOf = (directory: string, command: Command) => ({
    directory,
    store: storeOf(command.opts<{ store?: string }>().store, world.env),
  });

  function begin(command: Command, start: boolean): Start {
    const typed = command.optsWithGlobals<{ data?: string; json?: boolean }>();
    const { path: directory, source } = dataDirectoryOf(world, typed.data);
    const words = { self: world.env.HEPH_CALLED_AS ?? 'heph', data: source === '--data' ? ['--data', directory] : [] };
    return {
      world,
      directory,
      words,
      output: createOutput(world, typed.json ?? false),
      client: createClient(world, { directory, start }),
    };
  }

  const verb: AddVerb = (usage, summary, { start, examples, implied = false }, handle) => {
    const words = usage.split(' ');
    const path = words.filter((word) => !/^[<[]/.test(word));
    taken.add(path.join(' '));
    const command = child(program, path, implied).description(summary);
    for (const word of words.filter((one) => /^[<[]/.test(one))) command.argument(word);
    const lines = examples.map((line) => `  ${line}`).join('\n');
    const shown = `\n${examples.length > 1 ? 'Examples' : 'Example'}:\n${lines}`;
    command.addHelpText('after', shown);
    if (implied) command.parent?.addHelpText('after', shown);
    command.action(async (...given: unknown[]) => {
      finished(
        await handle(begin(command, start), command, given.slice(0, command.registeredArguments.length) as string[]),
      );
    });
    return command;
  };

  verb(
    'run <workflow>',
    'Run a workflow on a repository and follow it to its end',
    {
      start: true,
      examples: [
        'heph run bugfix --repo . --goal "Make the tests pass"',
        'heph run bugfix --repo ~/app --goal "Fix the parser" --agent claude --check "npm test" --json',
      ],
    },
    async (start, command, [name]) =>
      (await import('./verbs/run.ts')).runWorkflow(start, name as string, command.opts<RunOptions>()),
  )
    .requiredOption('--repo <path>', 'The git repository')
    .requiredOption('--goal <text>', 'What to reach, in words')
    .option('--agent <name>', 'Which agent works (default: repair)')
    .option(
      '--check <command>',
      'What judges: a command, or names of checks of its checks.yaml (default: that, else what is found)',
    )
    .option('--branch <name>', 'The base branch (default: the one checked out)')
    .option('--no-merge', 'Leave the base branch alone; the work stays on its own branch')
    .option('--from-head', 'Start from the last commit although tracked files are changed')
    .option('--param <name=value>', 'A parameter of the workflow; may be repeated', parseParam)
    .option('--idempotency-key <key>', 'The same key starts one workflow, however often it is sent');

  verb(
    'follow <workflowId>',
    'Follow a workflow that runs, from its first event to its report',
    { start: true, examples: ['heph follow wfl_01k'] },
    async (start, _command, [id]) => (await import('./verbs/run.ts')).followToEnd(start, id as string),
  );

  addBestOfVerbs(verb);

  verb(
    'revert <taskOrRun>',
    'Take merged work of a task or a run out again, checked as everything that is merged, and wait for the end',
    { start: true, examples: ['heph revert tsk_01k', 'heph revert wfl_01k --reason "it broke the import"'] },
    async ({ client, output }, command, [id]) =>
      (await import('./verbs/revert.ts')).revert(client, output, id as string, command.opts()),
  )
    .option('--reason <text>', 'Why it is taken out; stands in the commit')
    .option('--agent <name>', 'Who resolves it if it conflicts; default: the agent of the run')
    .option('--idempotency-key <key>', 'The same key takes it out once, however often it is sent');

  verb(
    'prune',
    'Remove the refs under which the work of ended runs is kept: losing candidates, earlier rounds, what was rescued',
    { start: true, examples: ['heph prune --dry-run', 'heph prune --older-than 7d', 'heph prune --older-than 0'] },
    async ({ client, output }, command) =>
      (await import('./verbs/prune.ts')).prune(client, output, command.opts<PruneOptions>()),
  )
    .option('--older-than <age>', 'Only of runs that ended so long ago, as 30d, 12h or 0', '30d')
    .option('--dry-run', 'Say what would be removed, and remove nothing');

  verb(
    'demo',
    'Watch a small repository being repaired, from the failing tests to the merge',
    { start: true, examples: ['heph demo'] },
    async ({ output, words }, command) =>
      (await import('./demo/demo.ts')).demo(world, output, words.self, command.opts()),
  ).option('--keep', 'Leave the server running afterwards');

  verb(
    'up',
    'Run the server in the foreground',
    { start: false, examples: ['heph up', 'heph up --port 4100 --no-open'] },
    async ({ output, directory }, command) =>
      (await import('./verbs/up.ts')).up(world, output, directory, command.opts()),
  )
    .option('--port <number>', 'The port (default: a free one)', portNumber, 0)
    .option('--host <address>', 'The address to listen on', '127.0.0.1')
    .option('--no-open', 'Do not open the page in a browser')
    .option('--take-over', 'Become the owner of the data directory although another server lives')
    .addOption(storeOption())
    .addOption(new Option('--idle-exit', 'End when idle').hideHelp());

  verb(
    'down',
    'Stop the server; agents that work go on',
    { start: false, examples: ['heph down'] },
    async ({ output, directory }) => (await import('./verbs/down.ts')).down(world, output, directory),
  );

  verb(
    'status',
    'Where the server is, how far the log is, which agents live',
    { start: false, examples: ['heph status --json'] },
    async ({ client, output }) => (await import('./verbs/status.ts')).status(client, output),
  );

  verb(
    'top',
    'The fleet, live: who works, what waits and why; stop, message and boost by a key',
    { start: true, examples: ['heph top', 'heph top --once', 'heph top --json'] },
    async (start, command) => (await import('./verbs/top.ts')).top(start, command.opts<TopOptions>()),
  ).option('--once', 'One frame as text');

  verb(
    'events',
    'The events of the log, in order',
    { start: true, examples: ['heph events --follow', 'heph events --workflow wfl_01k --type TaskMerged'] },
    async ({ client, output }, command) =>
      (await import('./verbs/events.ts')).events(world, client, output, command.opts()),
  )
    .option('--follow', 'Wait for more; resumes by itself')
    .option('--after <position>', 'Only events after this position', position, '0')
    .option('--type <type>', 'Only events of this type; may be repeated', (type: string, types: string[] = []) => [
      ...types,
      type,
    ])
    .option('--workflow <id>', 'Only events of this workflow');

  verb(
    'replay',
    'Decide every recorded command again and compare; has no effect on anything',
    { start: false, examples: ['heph replay'] },
    async ({ output, directory }, command) =>
      (await import('./verbs/log.ts')).replayLog(world, output, placeOf(directory, command)),
  ).addOption(storeOption());
  verb(
    'rebuild [view]',
    'Fold a view anew from the log and compare it with the one that serves',
    { start: true, examples: ['heph rebuild', 'heph rebuild queue'] },
    async ({ client, output }, _command, [view]) => (await import('./verbs/rebuild.ts')).rebuild(client, output, view),
  );

  verb(
    'log verify',
    'Find the first damaged event of the log, if there is one',
    { start: false, examples: ['heph log verify'] },
    async ({ output, directory }, command) =>
      (await import('./verbs/log.ts')).verify(world, output, placeOf(directory, command)),
  ).addOption(storeOption());
  verb(
    'log export [file]',
    'Write the log with its blobs and your workflow definitions as one JSON object per line',
    {
      start: false,
      examples: ['heph log export story.jsonl', 'heph log export story.jsonl --store esdb://events:2113'],
    },
    async ({ output, directory }, command, [file]) =>
      (await import('./verbs/log.ts')).exportLog(world, output, placeOf(directory, command), file),
  ).addOption(storeOption());
  verb(
    'log import <file>',
    'Bring an export into a new data directory, or into an empty event store with a new data directory beside it',
    {
      start: false,
      examples: [
        'heph log import story.jsonl --data ./copy',
        'heph log import story.jsonl --data ./copy --store esdb://events:2113',
      ],
    },
    async ({ output, directory }, command, [file]) =>
      (await import('./verbs/log.ts')).importLog(world, output, placeOf(directory, command), file as string),
  ).addOption(storeOption());

  verb(
    'backup <directory>',
    'Copy the log and its blobs into a new directory, while the server runs or while none does',
    { start: false, examples: ['heph backup ~/backups/monday'] },
    async ({ output, directory, words }, _command, [to]) =>
      (await import('./verbs/backup.ts')).backup(world, output, { directory, to: to as string, words }),
  );
  verb(
    'restore <backup>',
    'Make a new data directory of a backup',
    { start: false, examples: ['heph restore ~/backups/monday --data ~/restored'] },
    async ({ output, directory, words }, _command, [from]) =>
      (await import('./verbs/backup.ts')).restore(world, output, { directory, from: from as string, words }),
  );

  verb(
    'logs <what>',
    'The server’s own log (`server`), or an agent’s terminal (its id)',
    { start: true, examples: ['heph logs server --follow', 'heph logs agt_01k'] },
    async ({ client }, command, [what]) =>
      (await import('./verbs/logs.ts')).logs(world, client, what as string, command.opts()),
  )
    .option('--follow', 'Wait for more')
    .option('--raw', 'Keep escape sequences; only for text that you trust');

  verb(
    'agent attach <agentId>',
    'Put an agent’s terminal on this one; detach with Ctrl-]',
    { start: true, examples: ['heph agent attach agt_01k'] },
    async ({ client }, _command, [id]) => (await import('./verbs/attach.ts')).attach(world, client, id as string),
  );

  verb(
    'doctor',
    'Look at everything a run needs and say what is missing',
    { start: false, examples: ['heph doctor', 'heph doctor --fix'] },
    async ({ client, output }, command) =>
      (await import('./verbs/doctor.ts')).doctor(world, client, output, command.opts<DoctorOptions>()),
  )
    .option('--fix', 'Mend what can be mended in the repository around here, and look again')
    .option('--undo', 'Take the last fix back');

  verb(
    'check [names...]',
    'Run the repository’s checks; what did not change is answered from the cache',
    {
      start: false,
      examples: ['heph check', 'heph check lint --fix', 'heph check --fast --skip tests', 'heph check --dry-run'],
    },
    async (start, command, [names]) =>
      (await import('./verbs/check.ts')).check(start, names as unknown as string[], command.opts<CheckOptions>()),
  )
    .option('--fast', 'Run only what is tagged fast; of the rest, tell what is known')
    .option(
      '--skip <tag>',
      'Leave out the checks of a tag or name, e.g. tests; may be repeated',
      (tag: string, tags: string[] = []) => [...tags, tag],
    )
    .option('--dry-run', 'Say what would happen; nothing is run or written')
    .option('--interactive', 'Ask about each fix')
    .option('--fix', 'Mend what can be mended, and check again')
    .option('--undo', 'Take the last fix back')
    .option('--list', 'The checks, and where each comes from')
    .option('--jobs <number>', 'How many run at a time (default: checks.yaml, else one per core)', jobsNumber);
  verb(
    'check history',
    'Which checks are slow, which are flaky, and where the cache saves most',
    { start: false, examples: ['heph check history'] },
    async (start) => (await import('./verbs/check.ts')).checkHistory(start),
  );

  verb(
    'mcp',
    'Serve MCP on stdin and stdout, for agents and editors',
    { start: false, examples: ['heph mcp --data ~/.local/share/heph --token-file ./token'] },
    async ({ directory }, command) => {
      await (await import('./verbs/mcp.ts')).serveMcp(
        world,
        directory,
        command.opts<{ tokenFile?: string }>().tokenFile,
      );
      return EXIT.ok;
    },
  ).option('--token-file <path>', 'The file that holds the token (default: the operator’s)');

  verb(
    'token',
    'Print the operator token, or open the page logged in',
    { start: true, examples: ['heph token', 'heph token --browser'] },
    async ({ client, output }, command) =>
      (await import('./verbs/token.ts')).token(
        world,
        client,
        output,
        command.opts<{ browser?: boolean }>().browser ?? false,
      ),
  ).option('--browser', 'Open the page with a code that works once');

  verb(
    'open',
    'Open the page in a browser, or print a link to it that works once',
    { start: true, examples: ['heph open'] },
    async ({ client, output }) => {
      await world.programs.preparePage((line) => output.say(line));
      return (await import('./verbs/token.ts')).token(world, client, output, true);
    },
  );

  verb(
    'config',
    'The settings in force, and where each comes from',
    { start: true, examples: ['heph config'] },
    async ({ client, output }) => (await import('./verbs/config.ts')).config(client, output),
  );

  const groups = {
    guardian: 'Who looks after each living agent: try other thresholds over what was recorded',
    'best-of': 'Several candidates for one goal, of which the best is merged: start, compare, score again',
    'check-run': 'Runs of checks that were made elsewhere: record one',
    agent: 'Agents: stop one, attach to its terminal',
    fleet: 'The fleet: who works, pause, resume, stop',
    get: 'Events and tasks, whole',
    list: 'What can be started',
    log: 'The event log: verify, export, import',
    result: 'The result of a run: submit it, judge it',
    task: 'Tasks: create, update, cancel, restart, boost, revert',
    workflow: 'Workflows: start, pause, resume, cancel, revert',
  };
  for (const [name, summary] of Object.entries(groups)) child(program, [name]).description(summary);

  return { program, taken, begin };
}

/** A usage error of the parser as a failure of ours; null for `--help` and `--version`, which are none. */
export function usageFailure(error: CommanderError): Error | null {
  if (error.exitCode === 0) return null;
  const asked = error.code === 'commander.help' || error.code === 'commander.helpDisplayed';
  const message = asked
    ? 'A verb is missing.'
    : error.message
        .replace(/^error: /, '')
        .replace(/\n\(Did you mean (.*)\?\)/, '; did you mean $1?')
        .replaceAll('\n', ' ');
  return fail('cli.usage', message.charAt(0).toUpperCase() + message.slice(1));
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw fail('cli.usage', `${JSON.stringify(text)} is no port; it is a number from 0 to 65535.`);
  return port;
}

function jobsNumber(text: string): number {
  const jobs = Number(text);
  if (/^\d{1,3}$/.test(text) && jobs >= 1 && jobs <= 256) return jobs;
  throw fail('cli.usage', `${JSON.stringify(text)} is no number of jobs; it is a number from 1 to 256.`);
}

function position(text: string): string {
  if (!/^\d{1,20}$/.test(text))
    throw fail('cli.usage', `${JSON.stringify(text)} is no position; it is a number that events and answers carry.`);
  return text;
}
