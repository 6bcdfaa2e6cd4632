import { describe, expect, it } from 'vitest';
import type { CachedView } from '../../stream-client/index.ts';
import { fit, shorten, widthOf } from './cells.ts';
import { type Control, footer, press, selectedOf, START } from './control.ts';
import { type Line, tablesOf, windowOf } from './frame.ts';
import { keysOf } from './keys.ts';
import { topOf } from './model.ts';

const NOW = 100_000;

function view(rows: Record<string, object>, summary: object = {}): CachedView {
  const cached = Object.entries(rows).map(([key, row]) => [key, { row, position: '1', asOf: NOW }]);
  return { status: 'live', position: '1', rows: Object.fromEntries(cached), summary: { ...summary }, degraded: null };
}

const agent = (agentId: string, status: string, more: object = {}) => ({
  ...{ agentId, agent: 'claude', status, taskId: 'tsk_1', living: true, evidence: { at: NOW - 65_000 } },
  ...{ usage: { inputTokens: 1000, outputTokens: 234, costUsd: 0.5 }, ...more },
});
const task = (taskId: string, more: object = {}) => ({
  ...{ taskId, title: `Mend ${taskId}`, phase: 'fix', status: 'queued', running: false, position: 1 },
  ...{ evidence: { at: NOW - 5000 }, reasons: [{ code: 'no_slot', text: 'All 2 slots are taken.' }], ...more },
});

const fleet = view(
  {
    agt_1: agent('agt_1', 'live.working'),
    agt_2: agent('agt_2', 'live.needs_input', { usage: null, taskId: 'tsk_9' }),
    agt_3: agent('agt_3', 'exited', { living: false }),
  },
  { slots: { used: 2, cap: 2 }, fleet: { status: 'paused', reason: 'look\u001b[2J' } },
);
const queue = view({ tsk_1: task('tsk_1', { running: true }), tsk_2: task('tsk_2') });
const inbox = view({
  'agent_waits:agt_2': {
    ...{ matterId: 'agent_waits:agt_2', title: 'An agent waits', text: 'It asks.', blocks: true },
    ...{ evidence: { at: NOW - 9000 }, steps: [{ shell: 'heph agent message agt_2 yes' }] },
  },
});
const none = view({});
const textOf = (lines: readonly Line[]) =>
  lines.map(({ spans }) =>
    spans
      .map(({ text }) => text)
      .join('')
      .trimEnd(),
  );

describe('the model', () => {
  const top = topOf({ fleet, queue, inbox });

  it('has the living agents, those that need somebody first, and what waits with its reason', () => {
    expect(top.agents.map(({ agentId, title, tokens }) => [agentId, title, tokens])).toEqual([
      ['agt_2', 'tsk_9', null],
      ['agt_1', 'Mend tsk_1', 1234],
    ]);
    expect(top.waiting).toMatchObject([{ taskId: 'tsk_2', reason: 'no free slot: All 2 slots are taken.', place: 1 }]);
  });

  it('says what is to be known of the whole, without what could paint the terminal', () => {
    expect(top.notes.map(({ text }) => text)).toEqual([
      '2 agents, 2 of 2 slots used, 1 task waiting',
      '1 matter for you',
      'The fleet is paused: look',
    ]);
    const hostile = topOf({
      fleet: view({ a: agent('a', 'live.idle', { agent: 'x\u001b]0;t\u0007y' }) }),
      queue: none,
      inbox: none,
    });
    expect(hostile.agents[0]?.agent).toBe('xy');
  });
});

describe('the tables', () => {
  const top = topOf({ fleet, queue, inbox });

  it('tell status, age, task and cost in the words of the page', () => {
    const [needs, matter, , heading, first, second, , waits, line] = textOf(tablesOf(top, NOW, 120));
    expect(needs).toMatch(/^needs you +for +why$/);
    expect(matter).toMatch(/^! An agent waits +9 s +It asks\.$/);
    expect(heading).toMatch(/^status +for +name +works on +phase +tokens +cost +agent$/);
    expect(first).toMatch(/^! needs input +1 min +claude +tsk_9 +– +– +agt_2$/);
    expect(second).toMatch(/^● working +1 min +claude +Mend tsk_1 +fix +1\.2 k +\$0\.5 +agt_1$/);
    expect(waits).toMatch(/^place +for +waits +why +task$/);
    expect(line).toMatch(/^ +1 +5 s +Mend tsk_2 +no free slot: All 2 slots are taken\. +tsk_2$/);
  });

  it.each([200, 80, 50, 30, 12, 3])('fit into %d columns, and let go of what matters least', (width) => {
    const long = view({ tsk_1: task('tsk_1', { running: true, title: '漢字'.repeat(30) }) });
    const wide = topOf({ fleet, queue: long, inbox: none });
    for (const line of textOf(tablesOf(wide, NOW, width)))
      expect(widthOf(line)).toBeLessThanOrEqual(Math.max(width, 38));
    if (width >= 38) expect(textOf(tablesOf(wide, NOW, width)).join('\n')).toContain('needs input');
  });

  it('say what to do when nothing is there', () => {
    expect(textOf(tablesOf(topOf({ fleet: none, queue: none, inbox: none }), NOW)).join('\n')).toContain(
      'heph run bugfix',
    );
  });

  it('are seen through a window that keeps the selected row in sight and counts the rest', () => {
    const lines: Line[] = Array.from({ length: 30 }, (_, n) => ({ spans: [{ text: `row ${n}` }], key: `k${n}` }));
    for (const at of [0, 13, 29]) {
      const seen = textOf(windowOf(lines, at, 10));
      expect(seen).toHaveLength(10);
      expect(seen).toContain(`row ${at}`);
      expect(seen.at(-1)).toBe('21 more rows');
    }
    expect(windowOf(lines.slice(0, 3), 0, 10)).toHaveLength(3);
  });
});

describe('cells', () => {
  it('are as wide as a terminal shows them', () => {
    expect([widthOf('abc'), widthOf('漢字'), widthOf('e\u0301'), widthOf('🚀')]).toEqual([3, 4, 1, 2]);
    expect([shorten('abc', 3), shorten('abcd', 3), shorten('漢字漢', 5)]).toEqual(['abc', 'ab…', '漢字…']);
    expect([fit('abc', 5), fit('abc', 5, true), fit('abcdef', 4), fit('漢字漢', 4), fit('abc', 0)]).toEqual([
      'abc  ',
      '  abc',
      'abc…',
      '漢… ',
      '',
    ]);
  });
});

describe('keys', () => {
  it('are characters and names, without what a terminal says by itself', () => {
    const typed = 'j\u001b[Aß\r\u001b[5;7R\u001b[?1;2c\u001b]11;rgb:0/0/0\u0007\u007f\u0003\u0001q\u001b';
    const names = ['j', 'up', 'ß', 'enter', 'backspace', 'interrupt', 'q', 'escape'];
    expect(keysOf(Buffer.from(typed))).toEqual(names);
  });
});

describe('what keys do', () => {
  const rows = new Map([
    ['agt_1', null],
    ['agt_2', null],
    ['matter', 'heph do it'],
    ['tsk_3', null],
  ]);
  const self = (...words: string[]) => ['heph', ...words].join(' ');
  const after = (typed: string[], from: Control = { ...START, selected: 'agt_1' }) =>
    typed.reduce((state, key) => press(state.control, key, { rows, self }), { control: from } as ReturnType<
      typeof press
    >);

  it('move within the rows, and stay with a row that others leave', () => {
    expect(after(['j']).control.selected).toBe('agt_2');
    expect(after(['j', 'j', 'j', 'j', 'k']).control.selected).toBe('matter');
    expect([after(['G']).control.selected, after(['G', 'g']).control.selected]).toEqual(['tsk_3', 'agt_1']);
    expect(selectedOf({ ...START, selected: 'tsk_3' }, ['tsk_3', 'x'])).toBe('tsk_3');
    expect(selectedOf({ ...START, selected: 'gone' }, ['x'])).toBe('x');
    expect(selectedOf(START, [])).toBe(null);
  });

  it('stop an agent when that is confirmed, and only then', () => {
    expect(footer(after(['s']).control)).toContain('Stop agt_1');
    expect(after(['s', 'y']).effect).toMatchObject({ command: 'stop_agent', input: { agentId: 'agt_1' } });
    expect(after(['s', 'n'])).toMatchObject({ control: { mode: 'list', said: 'Nothing was stopped.' } });
    expect(after(['s', 'n']).effect).toBeUndefined();
    expect(after(['G', 's']).control.said).toContain('for an agent');
  });

  it('write a message', () => {
    const typed = ['m', 'h', 'o', 'x', 'backspace', ' ', 'q', 'up'];
    expect(footer(after(typed).control)).toContain('To agt_1: ho q');
    expect(after([...typed, 'enter']).effect).toMatchObject({ command: 'message_agent', input: { text: 'ho q' } });
    expect(after([...typed, 'escape']).effect).toBeUndefined();
    expect(after(['m', ' ', 'enter'])).toMatchObject({ control: { said: 'Nothing was sent.' } });
  });

  it('boost what waits, tell how to attach, and leave', () => {
    expect(after(['G', 'b']).effect).toMatchObject({ command: 'boost_task', input: { taskId: 'tsk_3' } });
    expect(after(['b']).control.said).toContain('a task that waits');
    expect(after(['enter']).control.said).toContain('heph agent attach agt_1');
    expect(after(['j', 'j', 'enter']).control.said).toBe('heph do it');
    for (const key of ['q', 'escape', 'interrupt']) expect(after([key]).effect).toEqual({ type: 'quit' });
    expect(after(['m', 'interrupt']).effect).toEqual({ type: 'quit' });
    expect(after(['z'])).toEqual({ control: { ...START, selected: 'agt_1' } });
  });
});
