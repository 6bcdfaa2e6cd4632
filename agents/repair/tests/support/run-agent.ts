import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export interface Call {
  tool: string;
  input: Record<string, unknown>;
}

export interface AgentRun {
  code: number | null;
  stderr: string;
  calls: Call[];
  /** The input of the last update_task_status. */
  outcome: Record<string, unknown> | undefined;
}

export interface TaskSetting {
  role: string;
  inputs?: Record<string, unknown>;
  check?: string;
  feedback?: string | null;
  /** Tools that answer with an error. */
  refuse?: string[];
}

/** A directory that goes with the test: `worktree` holds the given files. */
export class Workbench implements Disposable {
  readonly home = mkdtempSync(join(tmpdir(), 'heph-repair-test-'));
  readonly worktree = join(this.home, 'worktree');

  constructor(files: Record<string, string> | { from: string }) {
    if (typeof files.from === 'string') cpSync(files.from, this.worktree, { recursive: true });
    else for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.worktree, path)), { recursive: true });
    writeFileSync(join(this.worktree, path), content);
  }

  read(path: string): string {
    return readFileSync(join(this.worktree, path), 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Runs the agent as Hephaestus does, with a stand-in behind its MCP connection. */
  async run(
    task: TaskSetting,
    options: { args?: string[]; node?: string; env?: Record<string, string>; kill?: Promise<NodeJS.Signals> } = {},
  ): Promise<AgentRun> {
    const at = (name: string) => join(this.home, name);
    const taskId = 'tsk_1';
    const full = { taskId, workflowId: 'wfl_1', phase: 'fix', title: 't', description: '', status: 'in_progress' };
    writeFileSync(
      at('task.json'),
      JSON.stringify({ attempt: 1, feedback: null, check: 'npm test', inputs: {}, ...full, ...task }),
    );
    writeFileSync(at('calls.jsonl'), '');
    const server = {
      command: process.execPath,
      args: [here('fake-hephaestus.ts'), at('task.json'), at('calls.jsonl')],
    };
    writeFileSync(at('mcp.json'), JSON.stringify({ mcpServers: { heph: server } }));
    const args = [
      '--task-id',
      taskId,
      '--worktree',
      this.worktree,
      '--mcp-config',
      at('mcp.json'),
      ...(options.args ?? []),
    ];
    mkdirSync(at('tmp'), { recursive: true });
    const child = spawn(process.execPath, [here('../../src/main.ts'), ...args], {
      cwd: this.worktree,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...options.env,
        TMPDIR: at('tmp'),
        PATH: [dirname(options.node ?? process.execPath), process.env.PATH ?? ''].join(delimiter),
      },
    });
    void options.kill?.then((signal) => child.kill(signal));
    const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
    const [stderr, , code] = await Promise.all([text(child.stderr), text(child.stdout), exit]);
    const calls = existsSync(at('calls.jsonl')) ? readCalls(at('calls.jsonl')) : [];
    return { code, stderr, calls, outcome: calls.findLast(({ tool }) => tool === 'update_task_status')?.input };
  }
}

function readCalls(path: string): Call[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Call);
}
