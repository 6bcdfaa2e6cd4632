import { jsonLines, type Line, at, words, innermost } from './json-lines.ts';
import type { OutputForm } from './turn-failure.ts';

/** What an agent's output tells of its doing, in the order it was printed. */
export type Sighting =
  /** Something has begun and is not over. */
  | { kind: 'call'; id: string; action: string }
  /** Something is over. `action` is empty where the call has told it; `unique`: its outcome cannot be compared. */
  | { kind: 'result'; id: string; action: string; outcome: string; failed: boolean; unique?: true }
  /** Plain text: nobody can say what belongs together. */
  | { kind: 'line'; text: string };

const OUTCOME_CHARS_MAX = 8_000;
/** What an agent asks us again and again because it was told to wait. */
const ASKING_US = /wait_for_events|task_progress|get_tasks|get_queue|get_agent_status/;
const ASKING_MODEL = 'ask the model';

/** `output` is plain text in whole lines; a line that was cut is passed over. */
export function sightings(form: OutputForm, output: string): Sighting[] {
  if (form === 'text')
    return output
      .split('\n')
      .filter((text) => text.trim() !== '')
      .map((text) => ({ kind: 'line', text }));
  const found = [...jsonLines(output)].flatMap((line) => READERS[form](line));
  return found.filter((one) => one.kind === 'line' || !ASKING_US.test(one.action));
}

const READERS: Readonly<Record<Exclude<OutputForm, 'text'>, (line: Line) => Sighting[]>> = {
  codex(line) {
    if (line.type === 'error' || line.type === 'turn.failed')
      return [failure('', innermost(line.message ?? at(line, 'error', 'message')))];
    if (line.type !== 'item.started' && line.type !== 'item.completed') return [];
    const id = words(at(line, 'item', 'id'));
    const action = codexAction(line.item);
    if (action === null) return [];
    if (line.type === 'item.started') return [{ kind: 'call', id, action }];
    if (at(line, 'item', 'type') === 'file_change')
      return [
        { kind: 'result', id, action, outcome: '', failed: at(line, 'item', 'status') === 'failed', unique: true },
      ];
    const code = at(line, 'item', 'exit_code');
    const error = at(line, 'item', 'error');
    const failed = (typeof code === 'number' && code !== 0) || at(line, 'item', 'status') === 'failed' || !!error;
    const outcome = words(at(line, 'item', 'aggregated_output')) || textOf(error ?? at(line, 'item', 'result'));
    return [{ kind: 'result', id, action, outcome: cut(outcome), failed }];
  },
  claude(line) {
    if (line.type === 'system' && line.subtype === 'api_retry')
      return [failure('', `${words(line.error)} (${String(line.error_status)})`)];
    const content = at(line, 'message', 'content');
    if (!Array.isArray(content)) return [];
    return (content as unknown[]).flatMap((part): Sighting[] => {
      if (at(part, 'type') === 'tool_use')
        return [{ kind: 'call', id: words(at(part, 'id')), action: actionOf(at(part, 'name'), at(part, 'input')) }];
      if (at(part, 'type') !== 'tool_result') return [];
      const outcome = cut(textOf(at(part, 'content')));
      const failed = at(part, 'is_error') === true;
      return [{ kind: 'result', id: words(at(part, 'tool_use_id')), action: '', outcome, failed }];
    });
  },
  opencode(line) {
    if (line.type === 'error')
      return [failure('', words(at(line, 'error', 'data', 'message')) || words(at(line, 'error', 'name')))];
    if (line.type !== 'tool_use') return [];
    const state = at(line, 'part', 'state');
    const exit = at(state, 'metadata', 'exit');
    const action = actionOf(at(line, 'part', 'tool'), at(state, 'input'));
    const failed = at(state, 'status') === 'error' || (typeof exit === 'number' && exit !== 0);
    const outcome = cut(words(at(state, 'error')) || textOf(at(state, 'output')));
    return [{ kind: 'result', id: words(at(line, 'part', 'callID')), action, outcome, failed }];
  },
};

function failure(id: string, outcome: string): Sighting {
  return { kind: 'result', id, action: ASKING_MODEL, outcome: cut(outcome), failed: true };
}

function codexAction(item: unknown): string | null {
  switch (at(item, 'type')) {
    case 'command_execution':
      return cut(`$ ${textOf(at(item, 'command'))}`);
    case 'mcp_tool_call':
      return actionOf(`${words(at(item, 'server'))}.${words(at(item, 'tool'))}`, at(item, 'arguments'));
    case 'file_change':
      return cut(`edit ${textOf(at(item, 'changes'))}`);
    default:
      return null;
  }
}

function actionOf(name: unknown, input: unknown): string {
  const command = at(input, 'command');
  return cut(typeof command === 'string' ? `$ ${command}` : `${words(name)} ${textOf(input)}`);
}

/** Text as it is, the text in a list of parts, everything else as JSON. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((part) => typeof at(part, 'text') === 'string'))
    return value.map((part) => words(at(part, 'text'))).join('\n');
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

const cut = (text: string) => (text.length > OUTCOME_CHARS_MAX ? text.slice(-OUTCOME_CHARS_MAX) : text);
