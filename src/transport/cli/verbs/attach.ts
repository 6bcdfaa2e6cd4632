import type { Client } from '../client.ts';
import { EXIT, fail } from '../failure.ts';
import { followTerminal } from '../follow-terminal.ts';
import type { World } from '../world.ts';
import { withoutReplies } from '../../stream-client/index.ts';

const DETACH = 0x1d;

/**
 * The agent's terminal on this one, until Ctrl-] or the agent's end. Only what the person types is sent: the answers that
 * a terminal gives by itself to queries in the output are taken out, since they would be typed into the agent.
 */
export async function attach(world: World, client: Client, agentId: string): Promise<number> {
  const { stdin, stdout } = world;
  const note = (line: string) => void world.stderr.write(`\r\n${line}\r\n`);
  if (!stdin.isTTY || !stdin.setRawMode) throw fail('cli.no_terminal', 'To attach, stdin must be a terminal.');
  const whole = await wholeId(client, agentId);
  const stop = new AbortController();
  const decoder = new TextDecoder();
  let sending: Promise<unknown> = Promise.resolve();
  const typed = (chunk: Buffer) => {
    const detach = chunk.indexOf(DETACH);
    const keys = keystrokes(detach < 0 ? chunk : chunk.subarray(0, detach));
    if (keys.length > 0) {
      const data = decoder.decode(keys, { stream: true });
      sending = sending
        .then(() => client.post(`/api/agents/${encodeURIComponent(whole)}/keystrokes`, { data }))
        .catch((error) => stop.abort(error));
    }
    if (detach >= 0) stop.abort();
  };
  world.stderr.write(`Attached to ${whole}; detach with Ctrl-].\r\n`);
  stdin.setRawMode(true);
  stdin.on('data', typed);
  stdin.resume();
  try {
    await followTerminal(client, whole, { onBytes: (bytes) => void stdout.write(bytes), note, signal: stop.signal });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stdin.setRawMode(false);
    stdin.off('data', typed);
    stdin.pause();
  }
  await sending;
  if (stop.signal.reason instanceof Error && stop.signal.reason.name !== 'AbortError') throw stop.signal.reason;
  world.stderr.write(`\r\nDetached from ${whole}.\r\n`);
  return EXIT.ok;
}

/** The id that a unique prefix means. */
async function wholeId(client: Client, agentId: string): Promise<string> {
  const { agents } = await client.query<{ agents: { agentId: string }[] }>('get_agent_status', { agentId });
  const [agent] = agents;
  if (!agent) throw fail('id.unknown', `There is no agent ${agentId}.`);
  return agent.agentId;
}

/** What a person typed, without the replies of the terminal. */
export function keystrokes(chunk: Buffer): Buffer {
  return Buffer.from(withoutReplies(chunk.toString('latin1')), 'latin1');
}
