import { appendFileSync, readFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

/** Stands in for the bridge: `fake-hephaestus.ts TASK_FILE CALLS_FILE`. Answers with the task, notes every call. */
const [taskFile, callsFile] = process.argv.slice(2) as [string, string];
const server = new McpServer({ name: 'heph', version: '0.0.0' });
let created = 0;

function tool(name: string, answer: (input: Record<string, unknown>) => Record<string, unknown>): void {
  server.registerTool(name, { description: name, inputSchema: z.looseObject({}) }, async (input) => {
    appendFileSync(callsFile, `${JSON.stringify({ tool: name, input })}\n`);
    const body = answer(input as Record<string, unknown>);
    const isError = 'code' in body;
    return { structuredContent: body, content: [{ type: 'text' as const, text: JSON.stringify(body) }], isError };
  });
}

const task = JSON.parse(readFileSync(taskFile, 'utf8')) as { refuse?: string[] };
const refuse = (name: string) => task.refuse?.includes(name) && { code: 'auth.tool_not_allowed', message: 'not here' };

tool('get_tasks', () => ({ tasks: [task] }));
tool('create_task', () => ({ taskId: `tsk_created_${++created}` }));
tool('report_progress', () => refuse('report_progress') || {});
tool('report_usage', () => refuse('report_usage') || {});
tool('update_task_status', () => refuse('update_task_status') || {});
await server.connect(new StdioServerTransport());
