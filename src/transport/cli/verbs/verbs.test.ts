import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cliWorld } from '../../../../tests/support/cli-world.ts';
import { announce, type Answer, type Asked, fakeServer } from '../../../../tests/support/fake-server.ts';
import { makeRepository } from '../../../../tests/support/repositories.ts';
import { picture } from '../../../checks/adapters/test-support.ts';
import { checkTools } from '../../../programs/check-tools.ts';
import { main } from '../main.ts';
import { shellWords } from '../../../kernel/words.ts';
import { keystrokes } from './attach.ts';
import { parseParam } from './run.ts';

let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'heph-verb-'));
});
afterEach(() => rmSync(data, { recursive: true }));

const ESC = '\u001b';

describe('words and times', () => {
  it('quotes what a shell would take apart', () => {
    expect(shellWords(['git', '-C', '/a b', "it's", '$(id)', 'x;y'])).toBe(`git -C '/a b' 'it'\\''s' '$(id)' 'x;y'`);
  });

  it('reads parameters with their types and keeps a second equals sign', () => {
    const all = ['n=3', 'on=true', 'id=007x', 'text=a=b'].reduce<Record<string, unknown>>(
      (sum, one) => parseParam(one, sum),
      {},
    );
    expect(all).toEqual({ n: 3, on: true, id: '007x', text: 'a=b' });
    expect(() => parseParam('=x')).toThrow('name=value');
  });
});

describe('keystrokes', () => {
  it('are what a person typed: arrows, Alt, control keys, pasted text', () => {
    for (const typed of [
      `${ESC}[A`,
      `${ESC}[1;5C`,
      `${ESC}OP`,
      `${ESC}x`,
      '\u0003',
      `${ESC}[200~text${ESC}[201~`,
      'é',
    ]) {
      expect(keystrokes(Buffer.from(typed)).toString()).toBe(typed);
    }
  });

  it.each([
    `${ESC}[24;80R`,
    `${ESC}[?1;2c`,
    `${ESC}[>0;276;0c`,
    `${ESC}[?25;1$y`,
    `${ESC}[I`,
    `${ESC}[O`,
    `${ESC}]11;rgb:0/0/0\u0007`,
    `${ESC}P1$r0m${ESC}\\`,
    `${ESC}[0n`,
  ])('never hold what a terminal answers by itself: %j', (reply) =>
    expect(keystrokes(Buffer.from(`a${reply}b`)).toString()).toBe('ab'),
  );
});

describe('doctor', () => {
  it('says of the machine what the living server says of it', async () => {
    const findings = [{ what: 'log', level: 'error', text: 'It is damaged.', next: 'Restore it.' }];
    const answer = ({ path }: Asked) =>
      path === '/health' ? { body: { startedAt: 1 } } : { body: { ok: true, result: { findings } } };
    await using server = await fakeServer(answer);
    announce(data, server);
    const cli = cliWorld({ env: { HEPH_DATA: data }, programs: { checks: async () => checkTools } });
    expect(await main(['doctor'], cli.world, '0', async () => [])).toBe(1);
    expect(cli.out()).toMatch(/^ok +server +http.*\nPROBLEM +log +It is damaged\.\n +→ Restore it\.\n/);
    expect(server.asked.at(-1)?.path).toBe('/api/queries/diagnose');
  });

  it('ends with 1 when something is a problem, and says each finding as one object', async () => {
    chmodSync(data, 0o755);
    const programs = { checks: async () => checkTools };
    const cli = cliWorld({ env: { HEPH_DATA: data, PATH: process.env.PATH as string }, programs });
    expect(await main(['doctor', '--json'], cli.world, '0', async () => [])).toBe(1);
    expect(cli.records().at(-1)).toEqual({ type: 'report', problems: 1 });
    expect(cli.records().find(({ what }) => what === 'data')).toMatchObject({ level: 'error' });
  });

  describe('in a repository', () => {
    const manifest = { name: 'own', version: '1.0.0', dependencies: { dep: 'file:dep' } };
    const lockfile = {
      ...{ name: 'own', version: '1.0.0', lockfileVersion: 3, requires: true },
      packages: { '': manifest, dep: { version: '1.0.0' }, 'node_modules/dep': { resolved: 'dep', link: true } },
    };
    const files = {
      '.gitignore': 'node_modules\n',
      'package.json': JSON.stringify({ ...manifest, scripts: { test: 'node --test' } }),
      'package-lock.json': JSON.stringify(lockfile),
      'dep/package.json': '{"name":"dep","version":"1.0.0"}',
    };
    async function diagnose(repository: string, ...words: string[]) {
      const env = { HEPH_DATA: join(data, 'data'), PATH: process.env.PATH as string, HOME: data };
      const cli = cliWorld({ env, programs: { checks: async () => checkTools } });
      const code = await main(['doctor', '--json', ...words], { ...cli.world, cwd: repository }, '0', async () => []);
      const about = (name: string) => cli.records().find(({ what }) => what === `check ${name}`);
      return { code, about };
    }

    it('says what is not as a run needs it, mends it when asked, and takes that back', async () => {
      const definition =
        'checks: { deps: { builtin: dependencies }, lock: { builtin: lockfile }, slow: { run: sleep 9 } }';
      const repository = await makeRepository(join(data, 'own'), { ...files, 'checks.yaml': definition });
      const before = picture(join(data, 'own'));
      const seen = await diagnose(repository);
      expect(seen.code).toBe(1);
      expect(seen.about('deps')).toMatchObject({
        level: 'error',
        text: 'The dependencies are not installed.',
        next: expect.stringContaining('`heph doctor --fix` does it.'),
      });
      expect(seen.about('lock')).toMatchObject({ level: 'ok', text: 'package-lock.json says what package.json says' });
      expect(seen.about('git_state')).toMatchObject({ level: 'ok' });
      expect(seen.about('slow')).toBeUndefined();
      expect(picture(join(data, 'own'))).toEqual(before);
      expect(existsSync(join(data, 'data'))).toBe(false);

      const mended = await diagnose(repository, '--fix');
      expect(mended).toMatchObject({ code: 0 });
      expect(mended.about('deps')).toMatchObject({ level: 'ok', text: 'what is locked is installed' });
      expect((await diagnose(repository, '--undo')).code).toBe(0);
      expect(existsSync(join(repository, 'node_modules'))).toBe(false);
    });

    it('warns of what was only detected, and says what is wrong with a definition', async () => {
      const repository = await makeRepository(join(data, 'detected'), files);
      const seen = await diagnose(repository);
      expect(seen.code).toBe(0);
      expect(seen.about('dependencies')).toMatchObject({ level: 'warning' });
      expect(seen.about('runtime')).toMatchObject({ level: 'ok' });
      const broken = await makeRepository(join(data, 'broken'), { 'checks.yaml': 'checks: 1' });
      expect((await diagnose(broken)).code).toBe(1);
    });
  });
});

describe('up', () => {
  function server(words = ['--no-open'], url = 'http://127.0.0.1:1', directory = data) {
    const closing = Promise.withResolvers<void>();
    let closes = 0;
    const started = Promise.withResolvers<void>();
    const programs = {
      startServer: async () => {
        started.resolve();
        return { url, port: 1, close: () => (closes++, closing.promise) };
      },
    };
    const cli = cliWorld({ programs, env: { HEPH_DATA: directory } });
    return {
      cli,
      closing,
      started: started.promise,
      closes: () => closes,
      ended: main(['up', ...words], cli.world, '0', async () => []),
    };
  }
  const isReady = async (out: () => string) => {
    while (!out().includes('ready')) await new Promise(setImmediate);
  };

  it('says in one line that it is ready, and drains at the first signal', async () => {
    const { cli, closing, started, closes, ended } = server();
    await started;
    await isReady(cli.out);
    expect(cli.out().trimEnd().split('\n')).toHaveLength(1);
    cli.signal('SIGTERM');
    expect(closes()).toBe(1);
    closing.resolve();
    expect(await ended).toBe(0);
  });

  it('prints a link to the page where nobody is there to see a browser', async () => {
    const directory = join(data, 'linked');
    mkdirSync(directory);
    writeFileSync(join(directory, 'operator.token'), 'hph_o_x');
    const http = createServer((request, response) => {
      const known = request.headers.authorization === 'Bearer hph_o_x' && request.url === '/api/login-codes';
      response.end(JSON.stringify(known ? { ok: true, path: '/login?code=once' } : {}));
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const { cli, closing, ended } = server([], url, directory);
    while (!cli.out().includes(`${url}/login?code=once`)) await new Promise(setImmediate);
    cli.signal('SIGTERM');
    closing.resolve();
    expect(await ended).toBe(0);
    http.close();
  });

  it('ends at once at the second signal, drained or not', async () => {
    const { cli, started, ended } = server();
    await started;
    await isReady(cli.out);
    cli.signal('SIGTERM');
    cli.signal('SIGINT');
    expect(await ended).toBe(130);
  });
});

describe('verbs that ask', () => {
  async function heph(words: string[], queries: Record<string, (body: never) => unknown>) {
    const answer = (asked: Asked): Answer => {
      if (asked.path === '/health') return { body: { startedAt: 1 } };
      const name = asked.path.split('/').at(-1) as string;
      const command = { id: 'mtr_1', stream: 'mergeTrain-mtr_1', position: '7' };
      return { body: { ok: true, ...command, result: queries[name]?.(asked.body as never) } };
    };
    await using server = await fakeServer(answer);
    announce(data, server);
    const cli = cliWorld({ env: { HEPH_DATA: data } });
    return { code: await main(words, cli.world, '0', async () => []), cli };
  }

  it('status names the living agents with their holders, and fails without a server', async () => {
    const agent = (agentId: string, living: boolean) => ({
      agentId,
      agent: 'repair',
      status: 'live.working',
      taskId: 'tsk_1',
      living,
      ageMs: 5,
      process: { state: 'running', holderPid: 41, pid: 42 },
    });
    const runner = (runnerId: string, host?: string) => ({ runnerId, host, status: 'alive', agents: 1, ageMs: 5 });
    const answers = {
      get_agent_status: () => ({
        agents: [agent('agt_1', true), agent('agt_2', false)],
        summary: { runners: [runner('local'), runner('rnr_a', 'here'), runner('rnr_b', 'there')] },
        position: '7',
        asOf: 9,
      }),
    };
    const { code, cli } = await heph(['status', '--json'], answers);
    expect(code).toBe(0);
    const said = (await heph(['status'], answers)).cli.out();
    expect(said).toContain('2 share the log');
    expect(said).toMatch(/rnr_b +there +alive/);
    expect(cli.records()).toMatchObject([
      { pid: process.pid, position: '7', dataDirectory: data, agents: [{ agentId: 'agt_1', holderPid: 41, pid: 42 }] },
    ]);
    const alone = cliWorld({ env: { HEPH_DATA: join(data, 'other') } });
    expect(await main(['status'], alone.world, '0', async () => [])).toBe(1);
    expect(alone.err()).toContain('(server.not_running)');
  });

  it('logs takes escape sequences out of a transcript, also where chunks cut them, and leaves them in with --raw', async () => {
    const bytes = Buffer.from(`one ${ESC}[31mred${ESC}[0m\r\n${ESC}]52;c;aGk=\u0007two\n`);
    const transcript = ({ cursor }: { cursor: number }) => ({
      cursor,
      nextCursor: Math.min(cursor + 7, bytes.length),
      data: bytes.subarray(cursor, cursor + 7).toString('base64'),
      ended: cursor + 7 >= bytes.length,
    });
    expect((await heph(['logs', 'agt_1'], { get_transcript: transcript })).cli.out()).toBe('one red\ntwo\n');
    expect((await heph(['logs', 'agt_1', '--raw'], { get_transcript: transcript })).cli.out()).toBe(
      bytes.toString('latin1'),
    );
  });

  it('logs server prints the log of the data directory', async () => {
    mkdirSync(join(data, 'logs'));
    writeFileSync(join(data, 'logs', 'server.log'), `a ${ESC}[2Jb\n`);
    expect((await heph(['logs', 'server'], {})).cli.out()).toBe('a b\n');
  });

  it('rebuild fails when what was rebuilt differs', async () => {
    const rebuilt = (equal: boolean) => ({
      rebuild_view: ({ view }: { view: string }) => ({
        view,
        position: '3',
        checksum: 'f'.repeat(64),
        equal,
        events: 3,
        ms: 1,
      }),
    });
    expect((await heph(['rebuild'], rebuilt(true))).cli.out().trimEnd().split('\n')).toHaveLength(7);
    const { code, cli } = await heph(['rebuild', 'queue'], rebuilt(false));
    expect([code, cli.err().includes('(view.differs)')]).toEqual([1, true]);
  });

  it.each([
    ['CandidateLanded', { base: 'moved', commit: 'c'.repeat(40) }, 0, 'Taken out again by cccccccccccc.'],
    ['CandidateLanded', { base: 'left', commit: 'c', reason: 'main is dirty' }, 1, 'main is dirty'],
    ['CandidateRefused', { code: 'merge_conflict', reason: 'in a.js' }, 1, '(merge_conflict): in a.js'],
  ])('revert waits for its own candidate: %s %j', async (type, data, exit, words) => {
    const event = (position: number, name: string, candidateId: string, more = {}) => ({
      ...{ position: String(position), at: 0, stream: 'mergeTrain-mtr_1', type: name, meta: {} },
      data: { candidateId, ...more },
    });
    const all = [
      event(7, 'CandidateQueued', 'cnd_1'),
      event(8, 'CandidateLanded', 'cnd_0', { base: 'moved', commit: 'other' }),
      event(9, type, 'cnd_1', data),
    ];
    const { code, cli } = await heph(['revert', 'tsk_1'], {
      revert_task: () => null,
      wait_for_events: ({ after }: { after: string }) => {
        const [next] = all.filter(({ position }) => Number(position) > Number(after));
        return { events: next ? [next] : [], position: next?.position };
      },
    });
    expect([code, cli.out()]).toEqual([exit, expect.stringContaining(words)]);
  });

  it.each([
    [
      null,
      'WorkflowCompleted',
      { delivery: { commit: 'd'.repeat(40), base: 'moved', reason: null } },
      0,
      'by dddddddddddd.',
    ],
    [null, 'WorkflowCompleted', { delivery: { commit: 'd', base: 'left', reason: 'it is dirty' } }, 1, 'it is dirty'],
    [null, 'WorkflowFailed', { code: 'phase_failed', reason: 'too hard' }, 1, '(phase_failed): too hard'],
    ['tsk_9', 'TaskMerged', { commit: 'e'.repeat(40) }, 0, 'by eeeeeeeeeeee.'],
    ['tsk_9', 'TaskCancelled', { reason: '' }, 1, 'Not taken out.'],
  ])('revert follows who resolves its conflict: %s %s %j', async (taskId, type, data, exit, words) => {
    const event = (position: number, stream: string, name: string, about: object) => ({
      ...{ position: String(position), at: 0, stream, type: name, meta: {}, data: about },
    });
    const handed = { candidateId: 'cnd_1', workflowId: 'wfl_9', taskId, files: ['a.js'] };
    const all = [
      event(7, 'mergeTrain-mtr_1', 'CandidateQueued', { candidateId: 'cnd_1' }),
      event(8, 'mergeTrain-mtr_1', 'RevertHandedOver', handed),
      event(9, taskId ? 'task-tsk_8' : 'workflow-wfl_8', type, { reason: 'of another' }),
      event(10, taskId ? 'task-tsk_9' : 'workflow-wfl_9', type, data),
    ];
    const { code, cli } = await heph(['revert', 'tsk_1', '--agent', 'claude'], {
      revert_task: () => null,
      wait_for_events: ({ after }: { after: string }) => {
        const [next] = all.filter(({ position }) => Number(position) > Number(after));
        return { events: next ? [next] : [], position: next?.position };
      },
    });
    expect([code, cli.out()]).toEqual([exit, expect.stringContaining(words)]);
    expect(cli.out()).toContain('in a.js');
  });

  it('revert takes nothing that is neither a task nor a run', async () => {
    const { code, cli } = await heph(['revert', 'agt_1'], {});
    expect([code, cli.err().includes('(cli.usage)')]).toEqual([2, true]);
  });

  it('events pages through all of it, each event once', async () => {
    const all = Array.from({ length: 5 }, (_, n) => ({
      position: String(n + 1),
      at: 0,
      stream: 'task-tsk_1',
      type: 'TaskQueued',
      data: { taskId: 'tsk_1' },
      text: `The task ${n} \u001b[31mwaits.`,
      meta: {},
    }));
    const page = ({ after }: { after: string }) => {
      const events = all.filter(({ position }) => Number(position) > Number(after)).slice(0, 2);
      return { events, position: events.at(-1)?.position ?? after };
    };
    const { cli } = await heph(['events', '--json', '--after', '1'], { get_events: page });
    expect(cli.records().map(({ position }) => position)).toEqual(['2', '3', '4', '5']);
    const people = (await heph(['events', '--after', '4'], { get_events: page })).cli.out();
    expect(people).toMatch(/^ +5 {2}\S+ {2}task-tsk_1 {2}TaskQueued {2}The task 4 waits\.\n$/);
  });
});
