import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { announce, type Asked, fakeServer, type FakeServer } from '../support/fake-server.ts';
import { type PtyScreen, startOnPty } from '../support/pty-screen.ts';

const ENTER_ALTERNATE = '\u001b[?1049h';
const LEAVE_ALTERNATE = '\u001b[?1049l';
const SHOW_CURSOR = '\u001b[?25h';

const data = mkdtempSync(join(tmpdir(), 'heph-top-'));
const packed = process.env.HEPH_TEST_PACKED;
const CLI = packed
  ? join(packed, 'dist', 'cli.mjs')
  : fileURLToPath(new URL('../../src/programs/cli.ts', import.meta.url));

let screen: PtyScreen | undefined;
let server: FakeServer | undefined;
afterEach(async () => {
  screen?.pty.kill('SIGKILL');
  await screen?.ended;
  await server?.kill();
});
afterAll(() => rmSync(data, { recursive: true }));

const agents: Record<string, object> = {};
const agentRow = (agentId: string, title: string) => ({
  ...{ agentId, agent: 'repair', status: 'live.working', taskId: `tsk_${title}`, living: true, usage: null },
  evidence: { at: Date.now() },
});
const taskRow = (taskId: string, title: string, running: boolean) => ({
  ...{ taskId, title, phase: 'fix', status: 'queued', running, position: 1, evidence: { at: Date.now() } },
  reasons: running ? [] : [{ code: 'no_slot', text: 'All slots are taken.' }],
});

async function top(words: string[] = [], size = { columns: 80, rows: 24 }): Promise<PtyScreen> {
  for (const key of Object.keys(agents)) delete agents[key];
  agents.agt_1 = agentRow('agt_1', 'one');
  const tasks = {
    tsk_one: taskRow('tsk_one', 'Mend \u001b[31mone\u001b]0;owned\u0007', true),
    tsk_2: taskRow('tsk_2', 'Mend two', false),
  };
  const refused = { kind: 'rejected', code: 'task.not_queued', message: 'It runs.', next: 'Leave it.' };
  server = await fakeServer(({ path, body }: Asked) => {
    if (path === '/health') return { body: { ok: true, startedAt: 1 } };
    if (path === '/api/commands/boost_task') return { body: { ok: false, error: refused } };
    if (path.startsWith('/api/commands/')) return { body: { ok: true, id: 'agt_1', position: '9', events: [] } };
    const { view } = body as { view: string };
    return {
      body: {
        ok: true,
        result: { rows: { fleet: agents, queue: tasks }[view] ?? {}, summary: { slots: { used: 1, cap: 1 } } },
      },
    };
  });
  announce(data, server);
  const env = { PATH: process.env.PATH ?? '', HOME: data, HEPH_DATA: data, TERM: 'xterm-256color' };
  screen = startOnPty([process.execPath, CLI, 'top', ...words], { env, ...size });
  return screen;
}

/** The terminal is as it was: out of the alternate screen, with its cursor, and nothing printed after that. */
function expectGivenBack({ raw }: PtyScreen): void {
  expect(raw().startsWith(ENTER_ALTERNATE)).toBe(true);
  expect(raw().endsWith(LEAVE_ALTERNATE)).toBe(true);
  expect(raw()).toContain(SHOW_CURSOR);
}

describe('heph top on a terminal', () => {
  it('shows who works and what waits, follows what changes, and gives the terminal back', async () => {
    const { shows, lines, raw, type, ended } = await top();
    await shows('● working');
    const text = lines().join('\n');
    expect(text).toContain('1 agent, 1 of 1 slots used, 1 task waiting');
    expect(text).toMatch(/working .* repair +Mend one/);
    expect(text).toMatch(/Mend two +no free slot/);
    // oxlint-disable-next-line no-control-regex
    expect(raw()).not.toMatch(/\u001b\[31m|\u0007|owned/);
    for (const line of lines()) expect(line.length).toBeLessThanOrEqual(80);
    agents.agt_2 = { ...agentRow('agt_2', 'x'), status: 'live.needs_input' };
    server?.look();
    await shows('! needs input');
    type('q');
    expect(await ended).toBe(0);
    expectGivenBack(screen as PtyScreen);
  });

  it('stops an agent when that is confirmed, and shows a refusal where it was asked for', async () => {
    const { shows, type } = await top();
    await shows('● working');
    type('s');
    await shows('Stop agt_1');
    type('y');
    await shows('agt_1 is being stopped');
    expect(server?.asked.find(({ path }) => path.endsWith('stop_agent'))?.body).toEqual({ agentId: 'agt_1' });
    type('jb');
    await shows('It runs. → Leave it.');
    type('\r');
    await shows('heph get tasks --task-id tsk_2');
  });

  it('says when the connection is lost, and goes on when there is a server again', async () => {
    const { shows, type, ended } = await top();
    await shows('● working');
    const { port } = server as FakeServer;
    server?.look();
    await server?.kill();
    await shows('connecting again');
    server = await fakeServer(({ path, body }: Asked) => {
      if (path === '/health') return { body: { ok: true, startedAt: 1 } };
      const { view } = body as { view: string };
      return {
        body: {
          ok: true,
          result: { rows: view === 'fleet' ? { agt_7: agentRow('agt_7', 'seven') } : {}, summary: {} },
        },
      };
    });
    expect(server.port).not.toBe(port);
    announce(data, server);
    await shows('tsk_seven');
    type('\u0003');
    expect(await ended).toBe(0);
  });

  it('fits a narrow terminal, and another size while it runs', async () => {
    const { shows, lines, resize, type, ended } = await top([], { columns: 40, rows: 12 });
    await shows('working');
    for (const line of lines()) expect(line.length).toBeLessThanOrEqual(40);
    expect(lines().length).toBeLessThanOrEqual(12);
    expect(lines().join('\n')).not.toContain('agt_1');
    resize(120, 30);
    await shows('agt_1');
    type('\u001b');
    expect(await ended).toBe(0);
  });

  it('gives the terminal back when it is asked to end', async () => {
    const { shows, pty, ended } = await top();
    await shows('● working');
    pty.kill('SIGTERM');
    expect(await ended).toBe(0);
    expectGivenBack(screen as PtyScreen);
  });

  it('prints one frame with --once, and one object a line with --json', async () => {
    const once = await top(['--once']);
    expect(await once.ended).toBe(0);
    expect(once.raw()).not.toContain(ENTER_ALTERNATE);
    expect(once.raw()).toContain('● working');
    await server?.kill();
    const json = await top(['--once', '--json'], { columns: 4000, rows: 24 });
    expect(await json.ended).toBe(0);
    expect(JSON.parse(json.raw())).toMatchObject({
      type: 'top',
      agents: [{ agentId: 'agt_1', status: 'live.working' }],
    });
  });
});
