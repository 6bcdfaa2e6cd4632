// How an agent of the tests speaks to its server: by `/mcp`, with its own token, as often as it takes until a server answers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

/**
 * `mcpConfig` and `tokenFile`: the files that the agent was given. Answers `call(name, input)`; a refusal ends the program, or
 * is what `refused` makes of it.
 */
export function speaker(mcpConfig, tokenFile, refused = end) {
  const { args } = JSON.parse(readFileSync(mcpConfig, 'utf8')).mcpServers.heph;
  const data = args[args.indexOf('--data') + 1];
  const token = readFileSync(tokenFile, 'utf8').trim();
  return (name, input) => call({ data, token, refused }, name, input);
}

function end(why) {
  console.log(why);
  process.exit(1);
}

async function call({ data, token, refused }, name, input) {
  for (;;) {
    let refusal = null;
    try {
      const { url } = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8'));
      const answer = await fetch(new URL('/mcp', url), {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } }),
      });
      // It is stopping, or has still to record that this agent lives.
      if (answer.status >= 502) throw new Error('not now');
      const { result, error } = await answer.json();
      if (result && !result.isError) return;
      if (result?.structuredContent?.code !== 'server.stopping') refusal = result?.structuredContent ?? error;
    } catch {
      // No server just now, or not for us.
    }
    if (refusal) return refused(`${name} was refused ${JSON.stringify(refusal)}`);
    await after(20);
  }
}
