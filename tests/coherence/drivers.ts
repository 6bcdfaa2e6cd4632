/** What the CLIs print, in the form that each really has. */
export type Driver = 'claude' | 'codex' | 'opencode' | 'text';

let ids = 0;
const line = (value: unknown) => `${JSON.stringify(value)}\n`;

interface Speaks {
  /** A shell command with its outcome. */
  ran(command: string, outcome: string, exitCode?: number): string;
  /** A shell command that has begun and says nothing yet. */
  began(command: string): string;
  edited(path: string, change: string): string;
  read(path: string, text: string): string;
  said(text: string): string;
}

export const claude: Speaks & { retried(error: string, status: number): string } = {
  ran: (command, outcome, exitCode = 0) => claudeTool('Bash', { command }, outcome, exitCode !== 0),
  began: (command) => claudeCall(`toolu_${ids++}`, 'Bash', { command }),
  edited: (path, change) =>
    claudeTool('Edit', { file_path: path, old_string: 'x', new_string: change }, `The file ${path} has been updated.`),
  read: (path, text) => claudeTool('Read', { file_path: path }, text),
  said: (text) => line({ type: 'assistant', message: { content: [{ type: 'text', text }] } }),
  retried: (error, status) =>
    line({ type: 'system', subtype: 'api_retry', attempt: ids++, error, error_status: status }),
};

function claudeCall(id: string, name: string, input: unknown): string {
  return line({ type: 'assistant', message: { content: [{ type: 'tool_use', id, name, input }] } });
}

function claudeTool(name: string, input: unknown, outcome: string, failed = false): string {
  const id = `toolu_${ids++}`;
  const result = { type: 'tool_result', tool_use_id: id, content: outcome, is_error: failed };
  return claudeCall(id, name, input) + line({ type: 'user', message: { content: [result] } });
}

export const codex: Speaks = {
  ran(command, outcome, exitCode = 0) {
    const item = { id: `item_${ids++}`, type: 'command_execution', command };
    const status = exitCode === 0 ? 'completed' : 'failed';
    return (
      line({ type: 'item.started', item: { ...item, status: 'in_progress' } }) +
      line({ type: 'item.completed', item: { ...item, aggregated_output: outcome, exit_code: exitCode, status } })
    );
  },
  began: (command) =>
    line({
      type: 'item.started',
      item: { id: `item_${ids++}`, type: 'command_execution', command, status: 'in_progress' },
    }),
  edited: (path, change) =>
    line({
      type: 'item.completed',
      item: {
        id: `item_${ids++}`,
        type: 'file_change',
        changes: [{ path, kind: 'update' }],
        status: 'completed',
        change,
      },
    }),
  read: (path, text) => codex.ran(`sed -n 1,200p ${path}`, text),
  said: (text) => line({ type: 'item.completed', item: { id: `item_${ids++}`, type: 'agent_message', text } }),
};

export const opencode: Speaks & { failed(message: string): string } = {
  ran: (command, outcome, exit = 0) => opencodeTool('bash', { command }, { output: outcome, metadata: { exit } }),
  began: () => line({ type: 'step_start', part: { id: `prt_${ids++}` } }),
  edited: (filePath, newString) => opencodeTool('edit', { filePath, oldString: 'x', newString }, { output: 'Edited.' }),
  read: (filePath, text) => opencodeTool('read', { filePath }, { output: text }),
  said: (text) => line({ type: 'text', part: { text } }),
  failed: (message) => line({ type: 'error', error: { name: 'APIError', data: { message } } }),
};

function opencodeTool(tool: string, input: unknown, state: object): string {
  return line({
    type: 'tool_use',
    part: { callID: `call_${ids++}`, tool, state: { status: 'completed', input, ...state } },
  });
}
