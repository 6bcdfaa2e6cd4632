import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./fake-agents/told.mjs', import.meta.url));

/** An agent that does only what its test tells it. Each verb resolves when it has been done, and rejects with what refused it. */
export interface ToldAgent {
  agentId: string;
  taskId: string;
  pid: number;
  prompt: string;
  print(text: string | Uint8Array, times?: number): Promise<void>;
  /** A command of its own. */
  speak(name: string, input: Record<string, unknown>): Promise<void>;
  write(files: Record<string, string>): Promise<void>;
  git(...words: string[]): Promise<void>;
  /** Says that its task is done, and ends. */
  finish(summary?: string): Promise<void>;
  exit(code: number): Promise<void>;
  /** Every byte that was typed into its terminal so far. */
  typed(): Buffer;
  /** Resolves when it has been typed. */
  untilTyped(text: string): Promise<void>;
}

/** Where such agents report to; they outlive their server, not their test. */
export interface ToldAgents {
  /** For `createProduct({ agents: { told: … } })`. */
  preset: { argv: string[]; env: Record<string, string> };
  /** The next one that has started, in the order of their coming. */
  next(): Promise<ToldAgent>;
  close(): void;
}

/** Before the product, whose agents it is among. */
export async function toldAgents(): Promise<ToldAgents> {
  // The path of a socket may have no more than 108 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'told-'));
  const path = join(folder, 'socket');
  const come: ToldAgent[] = [];
  const waiting: ((agent: ToldAgent) => void)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    attend(socket, (agent) => {
      const first = waiting.shift();
      if (first) first(agent);
      else come.push(agent);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    preset: {
      argv: [process.execPath, PROGRAM, '{mcp_config}', '{token_file}', '{prompt_file}', '{worktree}'],
      env: { TOLD_SOCKET: path },
    },
    next: () => {
      const there = come.shift();
      return there ? Promise.resolve(there) : new Promise((resolve) => waiting.push(resolve));
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Said {
  agentId?: string;
  taskId?: string;
  pid?: number;
  prompt?: string;
  typed?: string;
  done?: number;
  failed?: number;
  why?: string;
}

function attend(socket: Socket, come: (agent: ToldAgent) => void): void {
  const asked = new Map<number, { resolve: () => void; reject: (error: Error) => void; ended: () => void }>();
  const looks = new Set<() => void>();
  let typed = Buffer.alloc(0);
  let asks = 0;
  const tell = (what: string, input: Record<string, unknown>) =>
    new Promise<void>((resolve, reject) => {
      // The end of the program is the answer to `exit`, and may be that to the word that the task is over.
      const mayEnd = what === 'exit' || input.name === 'update_task_status';
      const ended = () =>
        mayEnd ? resolve() : reject(new Error(`the agent ended before it was through with ${what}`));
      if (socket.destroyed) return ended();
      asked.set(++asks, { resolve, reject, ended });
      socket.write(`${JSON.stringify({ id: asks, what, ...input })}\n`);
    });
  const agentOf = (said: Said): ToldAgent => {
    const agent: ToldAgent = {
      agentId: String(said.agentId),
      taskId: String(said.taskId),
      pid: Number(said.pid),
      prompt: String(said.prompt),
      print: (text, times = 1) => tell('print', { data: Buffer.from(text).toString('base64'), times }),
      speak: (name, input) => tell('speak', { name, input: { idempotencyKey: `${said.agentId}-${asks}`, ...input } }),
      write: (files) => tell('write', { files }),
      git: (...words) => tell('git', { words }),
      async finish(summary = 'Done as told.') {
        await agent.speak('update_task_status', { status: 'done', summary });
        await agent.exit(0);
      },
      exit: (code) => tell('exit', { code }),
      typed: () => typed,
      untilTyped: (text) =>
        new Promise((resolve) => {
          const look = () => {
            if (!typed.includes(text)) return;
            looks.delete(look);
            resolve();
          };
          looks.add(look);
          look();
        }),
    };
    return agent;
  };
  socket.on('close', () => {
    for (const { ended } of asked.values()) ended();
  });
  const lines = createInterface({ input: socket });
  // A program that was killed leaves its end of the socket as it is.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const said = JSON.parse(line) as Said;
    if (said.agentId) come(agentOf(said));
    const over = said.done ?? said.failed;
    if (over !== undefined) {
      if (said.failed) asked.get(over)?.reject(new Error(said.why));
      else asked.get(over)?.resolve();
      asked.delete(over);
    }
    if (said.typed) {
      typed = Buffer.concat([typed, Buffer.from(said.typed, 'base64')]);
      for (const look of [...looks]) look();
    }
  });
}

/** A workflow of one phase, in which such an agent does whatever its test wants. */
export const AS_TOLD: Record<string, string> = {
  'workflow.yaml': 'title: As told\nphases:\n  - work\n',
  'work.md': `---
goal: What the test wants is done.
role: work
starts_with: one_task
changes: optional
checks: none
allowed_tools: [create_task, update_task_status, report_progress, report_usage]
---
Do as you are told.
`,
};
