import {
  agentPresetSchema,
  BUILT_IN_AGENTS,
  settingPaths,
  settingsSchema,
  variableOf,
} from '../../src/machines/config/index.ts';
import { code, fence, page, type Pages, table } from './markdown.ts';
import { fieldsOf, restOf, type Shape, shapeOf, words } from '../../src/kernel/schema-words.ts';

/** A preset as a user would write it; parsed here, so that the page never shows one that is refused. */
const EXAMPLE = agentPresetSchema.parse({
  argv: ['my-agent', '--prompt-file', '{prompt_file}', '--mcp-config', '{mcp_config}'],
  passEnv: ['MY_AGENT_API_KEY'],
});
const { argv, passEnv } = EXAMPLE;

export function configurationPages(): Pages {
  return {
    'configuration.md': page(
      'Configuration',
      'A setting has one value, taken from the first of these that gives one:',
      [
        '1. a variable of the server’s environment, named in the table below, for as long as a server runs with it,',
        '2. what an operator set with `set_config`, recorded in the log with version and author,',
        '3. the default.',
      ].join('\n'),
      '`heph config` shows the value in force and where it comes from. Where the data is kept and where the server listens are no settings: they are the flags `--data` (else `HEPH_DATA`, else `heph` in your data home), `--host` and `--port`. Where the log is kept is `heph up --store`, else `HEPH_STORE`, else SQLite in the data directory; a URL with a password goes into `HEPH_STORE`, since everybody on a machine can read a command line.',
      'A change is in force at once, for the next decision; what was decided before keeps the version it names. A bad value is refused before anything is recorded (`config.refused`). `null` takes a change back; a group (`fleet`) replaces what was set in it.',
      fence('sh', `heph config set '{"fleet.cap": 8}'\nheph config set '{"fleet.cap": null}'`),
      '## Settings',
      'Times end in `Ms` and are milliseconds. A variable’s value is JSON where it parses as JSON, else text.',
      table(['setting', 'variable', 'type', 'default', 'meaning'], rowsOf('', shapeOf(settingsSchema, 'input'))),
      '## Agents that are there from the start',
      '`repair` needs no key. The others start a coding agent that is installed and signed in. `agents.<name>` replaces one or adds another.',
      table(['agent', 'started as', 'variables it may see'], builtIns()),
      '## Defining an agent',
      'An agent is a command line with placeholders. It runs in a terminal and a worktree of its own, gets its task in the prompt file and reports over MCP. `passEnv` names the variables of the server’s environment that it may see; it sees no others beyond a short allow-list, so that a key reaches the agents that need it and no other.',
      fence('sh', `heph config set '${JSON.stringify({ 'agents.mine': { argv, passEnv } })}'`),
      'Then name it where work starts: `--agent mine`, or `agent: mine` on a phase’s page.',
    ),
  };
}

function builtIns(): string[][] {
  return Object.entries(BUILT_IN_AGENTS).map(([name, { argv, passEnv }]) => [
    code(name),
    code(argv.join(' ')),
    passEnv.map(code).join(', '),
  ]);
}

/** Leaves only; of a map of objects, what one entry may hold, under `<name>`. */
function rowsOf(path: string, shape: Shape): string[][] {
  return fieldsOf(shape).flatMap(({ name, shape: inner, required }) => {
    const at = path ? `${path}.${name}` : name;
    if (inner.properties) return rowsOf(at, inner);
    const entry = restOf(inner);
    const own = [code(at), variable(at), words(inner), required ? 'required' : absent(inner), inner.description ?? ''];
    return entry.properties ? [own, ...rowsOf(`${at}.<name>`, entry)] : [own];
  });
}

/** The entries of a map have no variable of their own: the whole map has. */
function variable(path: string): string {
  return settingPaths().includes(path) ? code(variableOf(path)) : '';
}

function absent(shape: Shape): string {
  return shape.default === undefined ? '' : code(JSON.stringify(shape.default));
}
