import type { Ask, Call, Say, Tool } from './ask.ts';

/** Calls in the words of the tools that a request offers: their names and arguments are read from it, never from a table. */
const SHELL = /^(bash|shell|shell_command|exec_command|run_shell_command)$/i;

export function findShell({ tools }: Ask): Tool | null {
  return tools.find(({ name }) => SHELL.test(name)) ?? null;
}

export function shell(ask: Ask, command: string): Say {
  const tool = needed(findShell(ask), 'a shell', ask);
  const name = 'cmd' in tool.properties ? 'cmd' : 'command';
  const value = tool.properties[name]?.type === 'array' ? ['sh', '-c', command] : command;
  return call(tool, { [name]: value });
}

/** A tool of our MCP server, which clients name `mcp__heph__x`, `heph_x`, or `x` in a namespace. */
export function mcp(ask: Ask, name: string, input: Record<string, unknown>): Say {
  const shown = ask.tools.find((one) => one.name.endsWith(name) && `${one.server ?? ''}${one.name}`.includes('heph'));
  // Codex lets models that it knows search for tools; one that knows what it will find may call it at once.
  const searched = ask.tools.some((one) => one.name === 'tool_search');
  const hidden: Tool = { name, server: 'mcp__heph', kind: 'function', properties: {}, required: [] };
  const tool = shown ?? (searched ? hidden : null);
  return { say: 'call', call: { tool: needed(tool, `${name} of MCP server heph`, ask), arguments: input } };
}

/**
 * The calls that replace a line in a file, by the client's own means: a patch, or its edit tool, which wants the file read
 * before, or else its shell. `file` is absolute; `from` and `to` hold no quotes and no slashes.
 */
export function edit(ask: Ask, file: string, from: string, to: string): (() => Say)[] {
  const named = (name: string) => ask.tools.find((tool) => tool.name.toLowerCase() === name);
  const [patch, change, read] = [named('apply_patch'), named('edit'), named('read')];
  if (patch?.kind === 'custom') {
    const lines = ['*** Begin Patch', `*** Update File: ${file}`, '@@', `-${from}`, `+${to}`, '*** End Patch'];
    return [() => call(patch, { input: `${lines.join('\n')}\n` })];
  }
  if (!change || !read) return [() => shell(ask, `sed -i 's/${from}/${to}/' '${file}'`)];
  const argument = (tool: Tool, ...names: string[]) => names.find((name) => name in tool.properties) ?? '';
  const path = (tool: Tool) => ({ [argument(tool, 'file_path', 'filePath', 'path')]: file });
  const texts = {
    [argument(change, 'old_string', 'oldString')]: from,
    [argument(change, 'new_string', 'newString')]: to,
  };
  return [() => call(read, path(read)), () => call(change, { ...path(change), ...texts })];
}

/** What is required and not given is a remark, such as `description`. */
function call(tool: Tool, given: Call['arguments']): Say {
  const remarks = tool.required.filter((name) => !(name in given) && tool.properties[name]?.type === 'string');
  return {
    say: 'call',
    call: { tool, arguments: { ...given, ...Object.fromEntries(remarks.map((name) => [name, 'A step'])) } },
  };
}

function needed(tool: Tool | null | undefined, what: string, { tools }: Ask): Tool {
  if (tool) return tool;
  throw new Error(
    `The client offers no ${what}, only: ${tools.map(({ server, name }) => (server ? `${server}/${name}` : name)).join(', ')}.`,
  );
}
