import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { COMMANDS } from '../../commands/index.ts';
import { STATES } from '../../kernel/state-words.ts';
import { stateWord } from '../words/index.ts';
import { cliWorld } from '../../../tests/support/cli-world.ts';
import { announce, type Answer, type Asked, fakeServer } from '../../../tests/support/fake-server.ts';
import { main } from './main.ts';
import { describeVerbs } from './verb.ts';
import { VERBS } from './verb-table.ts';

const data = mkdtempSync(join(tmpdir(), 'heph-verbs-'));
afterAll(() => rmSync(data, { recursive: true }));

async function call(words: string[], answer?: (asked: Asked) => Answer) {
  const started = { body: { ok: true, startedAt: 1 } };
  await using server = await fakeServer((asked) => (asked.path === '/health' ? started : (answer?.(asked) ?? {})));
  announce(data, server);
  const cli = cliWorld({ env: { HEPH_DATA: data } });
  const code = await main(words, cli.world, '1.2.3', async () => VERBS);
  return {
    code,
    out: cli.out(),
    err: cli.err(),
    records: cli.records,
    sent: server.asked.filter(({ path }) => path !== '/health'),
  };
}

const accepted = (asked: Asked): Answer => ({
  body: {
    ok: true,
    command: 'x',
    commandId: 'cmd_1',
    id: 'tsk_1',
    stream: 'task-tsk_1',
    state: 'cancelled',
    revision: 3,
    position: '9',
    events: ['TaskCancelled'],
    repeated: false,
    got: asked.body,
  },
});

describe('a verb for each definition', () => {
  const withVerb = [...COMMANDS.values()].filter((command) => command.cli);

  it('exists for every command that has one, and there are some', () => {
    expect(withVerb.length).toBeGreaterThan(10);
    for (const { name } of withVerb) expect(VERBS.map((verb) => verb.name)).toContain(name);
  });

  it('is found from the first help, in which every line says what it is for', async () => {
    const { out } = await call(['--help']);
    const lines = out.slice(out.indexOf('Commands:')).split('\n').slice(1);
    const named = lines.flatMap((line) => /^ {2}(\S.*)$/.exec(line)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(20);
    for (const line of named) expect(line, 'a verb without a summary').toMatch(/\S {2,}\S/);
  });

  it.each(VERBS.map((verb) => [verb.path.join(' '), verb] as const))(
    'heph %s --help names each field and shows an example',
    async (_path, verb) => {
      const { code, out } = await call([...verb.path, '--help']);
      expect(code).toBe(0);
      for (const field of verb.fields) {
        const typed = field.default === true && field.type === 'boolean' ? `--no-${field.flag.slice(2)}` : field.flag;
        expect(out).toContain(verb.positionals.includes(field.name) ? field.name : typed);
        for (const choice of field.choices ?? []) expect(out).toContain(choice);
      }
      for (const name of verb.positionals) expect(verb.fields.map((field) => field.name)).toContain(name);
      if (verb.example) expect(out).toContain(verb.example);
    },
  );

  it.each(VERBS.map((verb) => [verb.path.join(' '), verb] as const))(
    'heph %s has no flag that means something else to every verb',
    (_path, verb) => {
      const flags = verb.fields.map((field) => field.flag);
      for (const common of ['--data', '--json', '--help', '--version', '--idempotency-key'])
        expect(flags).not.toContain(common);
    },
  );

  it('reads every type of a schema', () => {
    const schema = z.strictObject({
      someText: z.string().describe('words'),
      count: z.number().int().default(3),
      on: z.boolean().default(true),
      kind: z.enum(['a', 'b']).optional(),
      rest: z.record(z.string(), z.unknown()).default({}),
      maybe: z.number().nullable().default(null),
    });
    const [verb] = describeVerbs('command', [['do_it', { summary: 's', schema, cli: 'do it <someText>' }]]);
    expect(verb?.path).toEqual(['do', 'it']);
    expect(verb?.fields.map(({ flag, type, required }) => [flag, type, required])).toEqual([
      ['--some-text', 'text', true],
      ['--count', 'number', false],
      ['--on', 'boolean', false],
      ['--kind', 'text', false],
      ['--rest', 'json', false],
      ['--maybe', 'number', false],
    ]);
  });
});

describe('asking by a generated verb', () => {
  const ask = (words: string[], result: unknown) => call(words, () => ({ body: { ok: true, result } }));

  it('shows people tables and facts, and JSON to programs only', async () => {
    const summary = { slots: { used: 1, cap: 4, held: [] }, byReason: { cap_reached: 2 }, reason: '' };
    const fleet = { agents: [{ agentId: 'agt_1', evidence: { type: 'x' } }], summary, position: '7', asOf: 1 };
    const { out } = await ask(['fleet'], fleet);
    expect(out).toBe('agentId\nagt_1\n\nslots: used 1, cap 4\nby reason: cap reached 2\nposition: 7\n');
    expect((await ask(['fleet', '--json'], fleet)).records()).toEqual([fleet]);
    const queue = { view: 'queue', rows: {}, summary: { slots: { used: 0, cap: 4, perAgent: {} } }, position: '7' };
    expect((await ask(['queue'], queue)).out).toBe(
      'No task is open.\n\n0 open, 0 of them run; 0 of 4 slots are used.\n',
    );
    expect((await ask(['queue', '--json'], queue)).records()).toEqual([queue]);
    expect((await ask(['get', 'task', 'tsk_1'], { taskId: 'tsk_1', reasons: [{ code: 'cap' }] })).out).toBe(
      'task id: tsk_1\nreasons:\n  - code cap\n',
    );
  });

  it('says a state by the word that the page has for it, and programs get it as it is recorded', async () => {
    const states = Object.keys(STATES.agent);
    const body = { ok: true, result: { agents: states.map((status) => ({ status })) } };
    const { out } = await call(['fleet'], () => ({ body }));
    expect(out.trimEnd().split('\n').slice(1)).toEqual(states.map((state) => stateWord('agent', state).word));
    expect((await call(['--json', 'fleet'], () => ({ body }))).records()).toEqual([body.result]);
  });

  it('says when a view lacks what could not be read', async () => {
    const degraded = { count: 2, message: 'it is \u001b[2Jpoison' };
    const { err } = await ask(['queue'], { rows: {}, summary: {}, degraded });
    expect(err).toBe('2 events could not be read, so parts are missing: it is poison\n');
  });
});

describe('calling a generated verb', () => {
  it('sends what was typed and nothing else, under a key', async () => {
    const { code, sent, out } = await call(['task', 'cancel', 'tsk_1', '--reason', 'done by hand'], accepted);
    expect([code, sent.length]).toEqual([0, 1]);
    expect(sent[0]).toMatchObject({
      path: '/api/commands/cancel_task',
      body: { taskId: 'tsk_1', reason: 'done by hand' },
    });
    expect(sent[0]?.headers['idempotency-key']).toMatch(/./);
    expect(out).toContain('tsk_1 is cancelled (TaskCancelled at 9)');
  });

  it('takes numbers, JSON, a boolean that is on by default, and the caller’s own key', async () => {
    const usage = await call(['task', 'usage', 'tsk_1', '--input-tokens', '12', '--cost-usd', '0.5'], accepted);
    expect(usage.sent[0]?.body).toEqual({ taskId: 'tsk_1', inputTokens: 12, costUsd: 0.5 });
    const start = [
      'workflow',
      'start',
      '--workflow',
      'bugfix',
      '--repository',
      '/r',
      '--goal',
      'g',
      '--no-merge',
      '--params',
      '{"n": 1}',
      '--idempotency-key',
      'mine',
    ];
    const started = await call(start, accepted);
    expect(started.sent[0]?.body).toEqual({
      workflow: 'bugfix',
      repository: '/r',
      goal: 'g',
      merge: false,
      params: { n: 1 },
    });
    expect(started.sent[0]?.headers['idempotency-key']).toBe('mine');
  });

  it('prints the answer as one JSON object with --json, before or after the verb', async () => {
    for (const words of [
      ['--json', 'task', 'boost', 'tsk_1'],
      ['task', 'boost', 'tsk_1', '--json'],
    ]) {
      const { records } = await call(words, accepted);
      expect(records()).toMatchObject([{ ok: true, state: 'cancelled', position: '9' }]);
    }
  });

  it.each([
    [['task', 'cancel'], /taskId/],
    [['task', 'usage', 'tsk_1', '--input-tokens', 'many'], /It is a number/],
    [['task', 'update', 'tsk_1', 'perhaps'], /done, failed/],
    [['task', 'create', '--phase', 'p', '--title', 't', '--inputs', '{'], /It is JSON/],
    [['task', 'cancel', 'tsk_1', '--nonsense'], /--nonsense/],
    [['nonsense'], /nonsense/],
    [['task', 'cancel', 'tsk_1', 'too', 'many'], /too many arguments/i],
  ])('refuses %j in a sentence, with a code, and sends nothing', async (words, sentence) => {
    const { code, err, sent } = await call(words, accepted);
    expect([code, sent]).toEqual([2, []]);
    expect(err).toMatch(sentence);
    expect(err).toContain('(cli.usage)');
  });

  it('tells the server’s refusal with its next step and ends with 1', async () => {
    const error = {
      kind: 'rejected',
      code: 'task.not_open',
      message: 'It has ended.\u001b]0;title\u0007',
      next: 'Restart it.',
    };
    const { code, err, records } = await call(['task', 'cancel', 'tsk_1', '--json'], () => ({
      status: 409,
      body: { ok: false, error },
    }));
    expect(code).toBe(1);
    expect(err).toBe('heph: It has ended.\n  Restart it.\n  (task.not_open)\n');
    expect(records()).toMatchObject([{ type: 'error', ok: false, error: { code: 'task.not_open' } }]);
  });

  it('tells a code that this version does not know, and input that was bad by 2', async () => {
    const error = { kind: 'invalid', code: 'future.thing', message: 'No.', next: 'Wait.' };
    expect(await call(['task', 'boost', 'tsk_1'], () => ({ status: 400, body: { ok: false, error } }))).toMatchObject({
      code: 2,
      err: 'heph: No.\n  Wait.\n  (future.thing)\n',
    });
  });

  it('sends a command again under the same key when the answer is lost', async () => {
    let lost = 0;
    const { code, sent } = await call(['task', 'cancel', 'tsk_1'], (asked) =>
      lost++ === 0 ? { hangUp: true } : accepted(asked),
    );
    expect([code, sent.length, lost]).toEqual([0, 2, 2]);
    expect(new Set(sent.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });
});
