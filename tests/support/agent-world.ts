import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, systemRandom } from '../../src/kernel/adapters/system.ts';
import { createIds } from '../../src/kernel/ids.ts';
import type { AgentHands } from '../../src/runtime/agents/agent-hands.ts';
import { type AgentHandsOptions, createAgentHands } from '../../src/runtime/agents/adapters/agent-hands.ts';
import type { AgentStart } from '../../src/runtime/runner.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const ids = createIds(systemClock, systemRandom);

export const fakeAgent = (name: string): string => here(`./fake-agents/${name}.sh`);
export const newAgentId = (): string => ids.next('agt');

/** A data directory with a worktree in it, and what starts agents there. */
export interface AgentWorld {
  directory: string;
  open(change?: Partial<AgentHandsOptions>): Promise<AgentHands>;
  request(argv: string[], change?: Partial<AgentStart>): AgentStart;
  /** Closes what was opened, ends every process of the agents it asked for, and removes the directory. */
  end(): Promise<void>;
}

export function handsOptions(directory: string): AgentHandsOptions {
  return {
    directory,
    runnerId: 'local',
    clock: systemClock,
    random: systemRandom,
    holderProgram: { node: process.execPath, entry: here('./redacting-holder.ts') },
    mcpBridge: { command: 'heph', args: ['mcp'] },
    redactValues: () => [],
    log: { warn: () => undefined },
  };
}

export function agentRequest(directory: string, argv: string[], change: Partial<AgentStart> = {}): AgentStart {
  return {
    agentId: newAgentId(),
    taskId: ids.next('tsk'),
    worktree: directory,
    argv,
    env: {},
    prompt: 'the prompt',
    dataDirectory: directory,
    terminal: { columns: 80, rows: 24 },
    limits: { wallMs: 60_000, transcriptBytesMax: 1024 * 1024 },
    ...change,
  };
}

export function createAgentWorld(): AgentWorld {
  const directory = mkdtempSync(join(tmpdir(), 'heph-agents-'));
  const opened: AgentHands[] = [];
  return {
    directory,
    async open(change) {
      const hands = await createAgentHands({ ...handsOptions(directory), ...change });
      opened.push(hands);
      return hands;
    },
    request: (argv, change) => agentRequest(directory, argv, change),
    async end() {
      for (const hands of opened) await hands.close();
      const last = await createAgentHands(handsOptions(directory));
      for (const { agentId } of await last.listAgents()) await last.stopAgent({ agentId, graceMs: 0 });
      await last.close();
      // A holder that has recorded its exit still has its code cache to write.
      for (const pid of holderPids(directory)) await until(() => !lives(pid));
      // The spare holder of a server that was killed may be about to end.
      rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

/** All of an agent's terminal from a cursor until it ends or `enough` matches. */
export async function readUntil(hands: AgentHands, agentId: string, enough?: RegExp): Promise<string> {
  let text = '';
  for (let cursor = 0; ; ) {
    const chunk = await hands.readTerminal({ agentId, cursor, bytesMax: 256 * 1024, waitMs: 5000 });
    text += Buffer.from(chunk.data, 'base64').toString();
    cursor = chunk.nextCursor;
    if (chunk.ended || enough?.test(text)) return text;
  }
}

/** Resolves when the hands tell of the agent's end; to be asked before the agent can end. */
export function exitOf(hands: AgentHands, agentId: string): Promise<void> {
  return new Promise((resolve) => {
    const off = hands.watch((event) => {
      if (event.type !== 'agent_exited' || event.agentId !== agentId) return;
      off();
      resolve();
    });
  });
}

/** The living processes with the agent's mark, by number. */
export function marked(agentId: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((pid) => environmentOf(pid).includes(`HEPH_AGENT_ID=${agentId}`))
    .map(Number);
}

export function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

const LOOK_FIRST_MS = 5;
// A look at every process of the machine takes some milliseconds of a core.
const LOOK_MAX_MS = 80;

/** For what gives no signal to others and lasts, such as the end of a process that is not our child. */
export async function until(holds: () => boolean): Promise<void> {
  for (let waitMs = LOOK_FIRST_MS; !holds(); waitMs = Math.min(waitMs * 2, LOOK_MAX_MS))
    await new Promise((resolve) => setTimeout(resolve, waitMs));
}

function holderPids(directory: string): number[] {
  return globSync(join(directory, '**/holders/*/state.json')).map(
    (file) => (JSON.parse(readFileSync(file, 'utf8')) as { holderPid: number }).holderPid,
  );
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}
