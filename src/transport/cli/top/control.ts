import type { Key } from './keys.ts';

/** What the person is doing: looking, asked whether to stop an agent, or writing it a message. */
export interface Control {
  mode: 'list' | 'stop' | 'message';
  /** The row that a key acts on; null before there is one. */
  selected: string | null;
  /** Of a message, so far. */
  text: string;
  /** What the last key came to; shown until the next one. */
  said: string;
}

/** What a key asks for beyond what is on the screen. */
export type Effect = { type: 'quit' } | { type: 'send'; command: string; input: Record<string, string>; done: string };

export const HELP = 'j/k move   s stop   m message   b boost   Enter how to attach   q quit';
const TEXT_MAX = 2000;

export const START: Control = { mode: 'list', selected: null, text: '', said: '' };

/** The rows, from the top: what a key acts on, and where there is one, the command that would settle it. */
export type Rows = ReadonlyMap<string, string | null>;

/** `self`: how commands are called. */
export function press(
  before: Control,
  key: Key,
  { rows, self }: { rows: Rows; self: (...words: string[]) => string },
): { control: Control; effect?: Effect } {
  const control = { ...before, said: '' };
  const keys = [...rows.keys()];
  if (key === 'interrupt') return { control, effect: { type: 'quit' } };
  if (control.mode === 'stop') return stopAnswer(control, key);
  if (control.mode === 'message') return written(control, key);
  const { selected } = control;
  const agent = selected?.startsWith('agt_') ? selected : null;
  switch (key) {
    case 'q':
    case 'escape':
      return { control, effect: { type: 'quit' } };
    case 'j':
    case 'down':
      return { control: moved(control, keys, 1) };
    case 'k':
    case 'up':
      return { control: moved(control, keys, -1) };
    case 'g':
    case 'first':
      return { control: moved(control, keys, -keys.length) };
    case 'G':
    case 'last':
      return { control: moved(control, keys, keys.length) };
    case 's':
      return { control: agent ? { ...control, mode: 'stop' } : onlyFor(control, 'an agent') };
    case 'm':
      return { control: agent ? { ...control, mode: 'message', text: '' } : onlyFor(control, 'an agent') };
    case 'b':
      if (!selected?.startsWith('tsk_')) return { control: onlyFor(control, 'a task that waits') };
      return {
        control,
        effect: { type: 'send', command: 'boost_task', input: { taskId: selected }, done: `${selected} is boosted` },
      };
    case 'enter':
      return { control: { ...control, said: hint(selected, rows, self) } };
    default:
      return { control };
  }
}

/** The row that stays selected when others come and go: the same one, else the first. */
export function selectedOf({ selected }: Control, keys: readonly string[]): string | null {
  return selected !== null && keys.includes(selected) ? selected : (keys[0] ?? null);
}

function moved(control: Control, keys: readonly string[], by: number): Control {
  const at = Math.max(0, keys.indexOf(control.selected ?? ''));
  return { ...control, selected: keys[Math.min(keys.length - 1, Math.max(0, at + by))] ?? null };
}

function onlyFor(control: Control, what: string): Control {
  return { ...control, said: `That is for ${what}; select one with j and k.` };
}

function hint(selected: string | null, rows: Rows, self: (...words: string[]) => string): string {
  if (selected === null) return '';
  const settles = rows.get(selected);
  if (settles) return settles;
  return selected.startsWith('agt_')
    ? `${self('agent', 'attach', selected)}   or   ${self('logs', selected, '--follow')}`
    : selected.startsWith('tsk_')
      ? self('get', 'tasks', '--task-id', selected)
      : self('inbox');
}

function stopAnswer(control: Control, key: Key): { control: Control; effect?: Effect } {
  const agentId = control.selected as string;
  const list: Control = { ...control, mode: 'list' };
  if (key !== 'y') return { control: { ...list, said: 'Nothing was stopped.' } };
  return {
    control: list,
    effect: { type: 'send', command: 'stop_agent', input: { agentId }, done: `${agentId} is being stopped` },
  };
}

function written(control: Control, key: Key): { control: Control; effect?: Effect } {
  const list: Control = { ...control, mode: 'list', text: '' };
  const text = control.text.trim();
  if (key === 'escape') return { control: { ...list, said: 'Nothing was sent.' } };
  if (key === 'backspace') return { control: { ...control, text: [...control.text].slice(0, -1).join('') } };
  if (key === 'enter' && text === '') return { control: { ...list, said: 'Nothing was sent.' } };
  if (key === 'enter') {
    const agentId = control.selected as string;
    return {
      control: list,
      effect: { type: 'send', command: 'message_agent', input: { agentId, text }, done: `${agentId} is told` },
    };
  }
  // The name of a key is longer than a character.
  if ([...key].length > 1 || control.text.length >= TEXT_MAX) return { control };
  return { control: { ...control, text: control.text + key } };
}

/** The last line. */
export function footer({ mode, selected, text, said }: Control): string {
  if (mode === 'stop') return `Stop ${selected} and everything it has started? y to stop it, any other key to leave it`;
  if (mode === 'message') return `To ${selected}: ${text}▏  Enter sends, Esc leaves it`;
  return said || HELP;
}
