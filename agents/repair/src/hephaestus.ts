import { readFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';

/** A failing test as tasks carry it. */
export interface TaskFailure {
  id: string;
  file: string;
  name: string;
  message: string;
}

export interface Task {
  taskId: string;
  role: string;
  title: string;
  /** As the creator of the task gave them; not to be trusted to have any shape. */
  inputs: Record<string, unknown>;
  check: string | null;
  attempt: number;
  /** What was wrong with the last result, in words; null on the first round. */
  feedback: string | null;
}

/** The tools of Hephaestus that this agent uses. A refusal of the tool throws `ToolRefused`. */
export interface Hephaestus extends AsyncDisposable {
  getTask(taskId: string): Promise<Task>;
  createTask(task: {
    phase: string;
    title: string;
    description: string;
    inputs: Record<string, unknown>;
    /** So many agents try it, each in its own way. */
    candidates?: number;
    idempotencyKey: string;
  }): Promise<{ taskId: string }>;
  /** Progress and usage are told as far as the phase allows; a refusal is printed and the work goes on. */
  reportProgress(taskId: string, message: string, fraction: number): Promise<void>;
  reportUsage(taskId: string, wallMs: number): Promise<void>;
  reportOutcome(taskId: string, outcome: Outcome): Promise<void>;
}

export type Outcome =
  | { status: 'done'; summary: string; outputs: Record<string, unknown> }
  | { status: 'failed'; reason: string; outputs: Record<string, unknown> };

export class ToolRefused extends Error {
  readonly code: string;
  constructor(tool: string, code: string, message: string) {
    super(`${tool} was refused (${code}): ${message}`);
    this.code = code;
  }
}

interface ServerEntry {
  command: string;
  args?: string[];
  env?: Record<string, string>;
}

/** The bridge waits for a server that restarts, so an answer may take as long as that does. */
const ANSWER_TIMEOUT_MS = 24 * 3_600_000;

/**
 * Starts the server `heph` of an MCP configuration file and connects to it by its standard streams. Calls in flight
 * reject when `signal` is aborted.
 */
export async function connectHephaestus(configFile: string, signal: AbortSignal): Promise<Hephaestus> {
  const { command, args = [], env = {} } = readServerEntry(configFile);
  const client = new Client({ name: 'heph-repair', version: '0.1.0' });
  await client.connect(
    new StdioClientTransport({ command, args, env: { ...getDefaultEnvironment(), ...env }, stderr: 'inherit' }),
    { timeout: ANSWER_TIMEOUT_MS, signal },
  );

  const call = async (tool: string, input: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const answer = await client.callTool({ name: tool, arguments: input }, { timeout: ANSWER_TIMEOUT_MS, signal });
    const body = (answer.structuredContent ?? parseText(answer.content)) as Record<string, unknown>;
    if (answer.isError) throw new ToolRefused(tool, String(body.code ?? 'unknown'), String(body.message ?? ''));
    return body;
  };
  const mention = async (tool: string, input: Record<string, unknown>): Promise<void> => {
    try {
      await call(tool, input);
    } catch (error) {
      if (!(error instanceof ToolRefused)) throw error;
      console.error(error.message);
    }
  };

  return {
    getTask: async (taskId) => parseTask(await call('get_tasks', { taskId }), taskId),
    createTask: async (task) => ({ taskId: String((await call('create_task', task)).taskId) }),
    reportProgress: (taskId, message, fraction) => mention('report_progress', { taskId, message, fraction }),
    reportUsage: (taskId, wallMs) => mention('report_usage', { taskId, wallMs }),
    reportOutcome: async (taskId, outcome) => {
      await call('update_task_status', { taskId, ...outcome });
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function readServerEntry(configFile: string): ServerEntry {
  const config = JSON.parse(readFileSync(configFile, 'utf8')) as { mcpServers?: Record<string, ServerEntry> };
  const entry = config.mcpServers?.heph;
  if (typeof entry?.command !== 'string') throw new Error(`${configFile} names no MCP server "heph" with a command`);
  return entry;
}

function parseText(content: unknown): unknown {
  const text = (content as { type: string; text?: string }[]).find(({ type }) => type === 'text')?.text ?? '';
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}

function parseTask(body: Record<string, unknown>, taskId: string): Task {
  const tasks = (Array.isArray(body.tasks) ? body.tasks : []) as Record<string, unknown>[];
  const task = tasks.find((one) => one.taskId === taskId);
  if (!task) throw new Error(`get_tasks does not know the task ${taskId}`);
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  return {
    taskId,
    role: String(task.role),
    title: String(task.title ?? ''),
    inputs: typeof task.inputs === 'object' && task.inputs !== null ? (task.inputs as Record<string, unknown>) : {},
    check: text(task.check),
    attempt: Number(task.attempt ?? 1),
    feedback: text(task.feedback),
  };
}
