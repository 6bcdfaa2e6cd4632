import { createServer } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { lives, until } from '../support/agent-world.ts';
import { ERROR_CODES } from '../../src/kernel/error-codes.ts';
import { CHORES } from '../support/chores.ts';
import { agentProcessesOf } from '../support/leftovers.ts';
import type { Told } from '../support/operator.ts';
import { createProduct, type Product, type Ran, type Up } from '../support/product.ts';
import { git, lay, makeRepository, SMALL_REPOSITORY, stateOf } from '../support/repositories.ts';

const fake = (name: string) => fileURLToPath(new URL(`../support/fake-agents/${name}`, import.meta.url));
// What a shell would do with it, and what an option parser would.
const SHELL = '$(touch ran)`touch ran`;touch ran';
const OPTION = '--upload-pack=touch ran';

let product: Product;
let server: Up;
let repository: string;

beforeAll(async () => {
  product = createProduct({
    settings: {
      HEPH_FLEET_DIED_AT_ONCE_MS: '60000',
      HEPH_LIMITS_ATTEMPTS_MAX: '1',
      HEPH_LIMITS_TRANSCRIPT_BYTES_MAX: '65536',
    },
    agents: {
      dying: { argv: ['false'] },
      hanging: { argv: ['sleep', '3600'] },
      stubborn: { argv: ['sh', fake('stubborn.sh')] },
      flooding: { argv: [process.execPath, fake('flooding.mjs')] },
      absent: { argv: ['there-is-no-such-program'] },
    },
  });
  server = await product.up();
  product.define('chores', CHORES);
  repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
});
afterAll(async () => {
  expect(await server.stop()).toBe(0);
  expect(existsSync(join(product.root, 'ran'))).toBe(false);
  expect(await product.end()).toEqual([]);
});

/** The refusal of a run: a code of the registry, one sentence, something to do next, and the exit code for bad input. */
function refusal(ran: Ran, exit = 2): string {
  const { error } = ran.lines.at(-1) as { error: { code: string; message: string; next: string } };
  expect(ran.code, ran.stderr).toBe(exit);
  expectTold(error);
  expect(ran.stderr).toContain(error.message.slice(0, 40));
  expect(ran.stderr).not.toMatch(/\n\s+at /);
  return error.code;
}

function expectTold({ code, message, next }: { code: string; message: string; next: string }): void {
  // Another test holds docs/errors.md to this registry, both ways.
  expect(Object.keys(ERROR_CODES)).toContain(code);
  expect(message).toMatch(/\S/);
  expect(message.split('\n').length, message).toBe(1);
  expect(next).toMatch(/\S/);
}

const runOn = (repo: string, ...more: string[]) =>
  product.heph(
    'run',
    'chores',
    '--repo',
    repo,
    '--goal',
    'Do the chores',
    '--agent',
    'noop',
    '--check',
    'true',
    '--json',
    ...more,
  );

describe('a run that cannot begin is refused in one sentence and changes nothing', () => {
  let position: string;
  let state: string;
  const unchanged = async () => {
    expect(await product.operator.head()).toBe(position);
    expect(await stateOf(repository)).toBe(state);
  };
  beforeAll(async () => {
    position = await product.operator.head();
    state = await stateOf(repository);
  });
  afterEach(unchanged);

  it('a path that is no repository, or is not there', async () => {
    expect(refusal(await runOn(product.root))).toBe('repository.not_found');
    expect(refusal(await runOn(join(product.root, 'nowhere')))).toBe('repository.not_found');
  });

  it('a repository without a commit', async () => {
    const empty = join(product.root, 'empty');
    lay(empty, { 'a.txt': 'a\n' });
    await git(empty, 'init', '--quiet');
    expect(refusal(await runOn(empty))).toBe('repository.no_commit');
    expect(await git(empty, 'status', '--porcelain')).toBe('?? a.txt');
  });

  it('a dirty tree', async () => {
    const dirty = await makeRepository(join(product.root, 'dirty'), SMALL_REPOSITORY);
    lay(dirty, { 'README.md': 'Changed.\n' });
    const before = await stateOf(dirty);
    expect(refusal(await runOn(dirty))).toBe('repository.dirty');
    expect(await stateOf(dirty)).toBe(before);
    expect(readFileSync(join(dirty, 'README.md'), 'utf8')).toBe('Changed.\n');
  });

  it('a branch that does not exist, or whose name is made to be something else', async () => {
    expect(refusal(await runOn(repository, '--branch', 'nobody'))).toBe('repository.no_branch');
    for (const name of [OPTION, '-u', SHELL, '../../main', 'main~1', '@{-1}', 'a..b'])
      expect(refusal(await runOn(repository, `--branch=${name}`)), name).toBe('repository.bad_name');
  });

  it('a workflow that is not there, has a mistake, or whose name leaves its folder', async () => {
    expect(refusal(await product.heph('run', 'nothing', '--repo', repository, '--goal', 'x', '--json'))).toBe(
      'definition.unknown',
    );
    expect(refusal(await product.heph('run', '../chores', '--repo', repository, '--goal', 'x', '--json'))).toBe(
      'definition.unknown',
    );
    product.define('broken', { ...CHORES, 'workflow.yaml': 'title: Broken\nphases:\n  - plan\n  build: [\n' });
    const ran = await product.heph('run', 'broken', '--repo', repository, '--goal', 'x', '--json');
    expect(refusal(ran)).toBe('definition.invalid');
    expect(ran.stderr).toMatch(/broken\/workflow\.yaml:[34]:\d+/);
    product.define('wrong', { ...CHORES, 'build.md': '---\ngoal: Done.\nrole: build\nchekcs: none\n---\n' });
    const wrong = await product.heph('run', 'wrong', '--repo', repository, '--goal', 'x', '--json');
    expect(refusal(wrong)).toBe('definition.invalid');
    expect(wrong.stderr).toMatch(/wrong\/build\.md:4:\d+/);
  });

  it('an agent that nobody knows', async () => {
    for (const agent of ['nobody', '../x', '--help', '__proto__', SHELL]) {
      const ran = await product.heph(
        'run',
        'chores',
        '--repo',
        repository,
        '--goal',
        'x',
        `--agent=${agent}`,
        '--json',
      );
      expect(['agent.unknown_preset', 'input.invalid'], agent).toContain(refusal(ran));
    }
  });

  it('a check whose program does not exist, or that needs a shell', async () => {
    expect(refusal(await runOn(repository, '--check', 'no-such-program --all'))).toBe('check.unknown_command');
    for (const check of ['npm test && touch ran', 'true; touch ran', '$(touch ran)', '`touch ran`', 'true > ran'])
      expect(refusal(await runOn(repository, '--check', check)), check).toBe('input.invalid');
  });

  it('words of the command line that make no sense', async () => {
    expect(refusal(await product.heph('run', 'chores', '--json'))).toBe('cli.usage');
    expect(refusal(await product.heph('fly', '--json'))).toBe('cli.usage');
    expect(refusal(await product.heph('up', '--port', '99999', '--json'))).toBe('cli.usage');
    expect(refusal(await product.heph('follow', 'wfl_nothing', '--json'))).toBe('id.unknown');
  });

  it('garbage on REST', async () => {
    const { ask } = product.operator;
    const path = '/api/commands/start_workflow';
    const cases: [string, unknown, number, Record<string, string>?][] = [
      [path, '{"workflow":', 400],
      [path, '[]', 400],
      [path, 'null', 400],
      [path, { workflow: 7, repository: {}, goal: [] }, 400],
      [path, { workflow: 'chores', repository, goal: 'x', surprise: true }, 400],
      [path, '{"__proto__":{"role":"operator"}}', 400],
      [path, '{}', 400, { 'content-type': 'text/plain' }],
      [path, `{"goal":"${'x'.repeat(1024 * 1024)}"}`, 413],
      [path, {}, 400, { 'idempotency-key': 'x'.repeat(101) }],
      ['/api/commands/no_such_command', {}, 404],
      ['/api/commands/record_exit', {}, 404],
      ['/api/queries/no_such_query', {}, 404],
      ['/api/queries/get_events', { after: '-1' }, 400],
      ['/api/queries/get_tasks', { taskId: 'tsk_nothing' }, 404],
      ['/api/views/queue?at=99999999999999999999', undefined, 400],
      ['/api/views/../../etc/passwd', undefined, 404],
      ['/api/streams/%00', undefined, 400],
    ];
    for (const [address, body, status, headers] of cases) {
      const answer = await ask(address, body, headers);
      const what = `${address} ${JSON.stringify(body)?.slice(0, 80)}: ${answer.text.slice(0, 200)}`;
      if (address === '/api/streams/%00') expect([200, 400, 404], what).toContain(answer.status);
      else expect(answer.status, what).toBe(status);
      expect(answer.text).not.toMatch(/\n\s+at |node_modules/);
      if (answer.status !== 200)
        expectTold((JSON.parse(answer.text) as { error: Parameters<typeof expectTold>[0] }).error);
    }
    expect((await ask('/api/queries/get_events', {}, { authorization: 'Bearer nobody' })).status).toBe(401);
    expect((await ask('/api/queries/get_events', {}, { origin: 'http://evil.example' })).status).toBe(403);
  });

  it('garbage on MCP', async () => {
    const post = (body: unknown) =>
      product.operator.ask('/mcp', body, { accept: 'application/json, text/event-stream' });
    for (const body of [
      '{',
      '[]',
      'null',
      '7',
      '[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]',
      { jsonrpc: '1.0', id: 1, method: 'x' },
      { jsonrpc: '2.0', id: {}, method: 7 },
    ]) {
      const answer = await post(body);
      expect(answer.status, JSON.stringify(body)).toBe(400);
      expect(answer.text).not.toMatch(/\n\s+at |node_modules/);
    }
    const call = async (name: string, args: unknown) => {
      const answer = await post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } });
      const { result } = JSON.parse(answer.text) as {
        result: { isError?: boolean; structuredContent: Parameters<typeof expectTold>[0] };
      };
      expect(result.isError).toBe(true);
      expectTold(result.structuredContent);
      return result.structuredContent.code;
    };
    expect(await call('no_such_tool', {})).toBe('command.unknown');
    expect(await call('create_task', { workflowId: 7 })).toBe('input.invalid');
    expect(await call('update_task_status', { taskId: 'tsk_nothing', status: 'done' })).toBe('id.unknown');
    expect(await call('record_exit', {})).toBe('command.unknown');
  });
});

describe('a server that cannot start says why, and touches nothing', () => {
  it('because its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const elsewhere = join(product.root, 'elsewhere');
    expect(
      refusal(await product.run(['up', '--data', elsewhere, '--port', String(port), '--no-open', '--json']), 1),
    ).toBe('server.port_in_use');
    await new Promise((resolve) => taken.close(resolve));
    expect(existsSync(join(elsewhere, 'server.json'))).toBe(false);
  });

  it('because the data directory is owned by a living server, of a newer version, or not ours', async () => {
    const position = await product.operator.head();
    const ran = await product.heph('up', '--no-open', '--json');
    expect(refusal(ran, 1)).toBe('data.owned');
    expect(ran.stderr).toContain(String(server.pid));
    expect(await product.operator.head()).toBe(position);

    const newer = join(product.root, 'newer');
    lay(newer, { 'format.json': '{"version":999,"logId":"log_x","createdAt":1}\n' });
    expect(refusal(await product.run(['up', '--data', newer, '--no-open', '--json']))).toBe('data.newer_format');
    expect(readFileSync(join(newer, 'format.json'), 'utf8')).toContain('999');
    const foreign = join(product.root, 'foreign');
    lay(foreign, { 'thesis.txt': 'mine\n' });
    expect(refusal(await product.run(['up', '--data', foreign, '--no-open', '--json']))).toBe('data.not_ours');
    expect(readFileSync(join(foreign, 'thesis.txt'), 'utf8')).toBe('mine\n');
  });
});

describe('an agent that misbehaves', () => {
  const run = (agent: string, goal = 'Do the chores') =>
    product.heph('run', 'chores', '--repo', repository, '--goal', goal, '--agent', agent, '--check', 'true', '--json');
  const reportOf = (ran: Ran) =>
    ran.lines.at(-1) as {
      outcome: string;
      reason: string;
      workflowId: string;
      tasks: { status: string; reason: string; code: string }[];
    };
  const agentsOf = (events: Told[], type: string) => events.filter((event) => event.type === type);
  const noneLeft = () => until(() => agentProcessesOf(product.root, server.pid).length === 0);

  describe('and does not end', () => {
    // The others have the time that they need on a busy machine.
    const wall = (ms: number) => product.operator.command('set_config', { changes: { 'limits.agentWallMs': ms } });
    beforeAll(() => wall(1000).then(() => undefined));
    afterAll(() => wall(600_000).then(() => undefined));

    it('hangs: it is ended at its wall limit and its task says so', async () => {
      const ran = await run('hanging');
      const report = reportOf(ran);
      expect([ran.code, report.outcome], ran.stdout.slice(-1500)).toEqual([1, 'failed']);
      expect(report.tasks[0]).toMatchObject({
        status: 'failed',
        reason: expect.stringMatching(/longer|limit|took|time/i),
      });
      await noneLeft();
    });

    it('ignores SIGHUP and SIGTERM: it is ended all the same', async () => {
      const ran = await run('stubborn');
      expect([ran.code, reportOf(ran).outcome]).toEqual([1, 'failed']);
      const events = await product.operator.events({ workflowId: reportOf(ran).workflowId });
      for (const event of agentsOf(events, 'AgentStarted')) expect(lives(event.data.pid as number)).toBe(false);
      await noneLeft();
    });
  });

  it('floods its terminal: the end of it is kept, and the work is done', async () => {
    const ran = await run('flooding');
    expect(reportOf(ran), ran.stdout.slice(-1500)).toMatchObject({ outcome: 'failed' });
    const events = await product.operator.events({ workflowId: reportOf(ran).workflowId });
    const agent = agentsOf(events, 'AgentStarted')[0] as Told;
    const shown = await product.heph('logs', agent.stream.slice('agent-'.length));
    expect(shown.stdout).toContain('the last words');
    expect(shown.stdout.length).toBeLessThan(4 * 65_536);
    await noneLeft();
  });

  it('is not installed: the task fails with that reason', async () => {
    const ran = await run('absent');
    expect(ran.code, ran.stdout.slice(-1500)).not.toBe(0);
    expect(JSON.stringify(reportOf(ran))).toMatch(/there-is-no-such-program/);
  });

  it('dies at once, three times: its kind is stopped, and the run says so', async () => {
    const first = reportOf(await run('dying'));
    const second = reportOf(await run('dying'));
    expect([first.outcome, second.outcome]).toEqual(['failed', 'failed']);
    const third = reportOf(await run('dying'));
    expect(third.outcome).toBe('failed');
    const stopped = await product.operator.events({ types: ['AgentKindStopped'] });
    expect(stopped.map((event) => event.data.agent)).toEqual(['dying']);

    const ran = await run('dying');
    expect(ran.code).toBe(3);
    expect(reportOf(ran)).toMatchObject({ outcome: 'stalled', reason: expect.stringMatching(/dying/) });
    // Others work on.
    expect((await run('noop')).code).toBe(0);
  });

  it('is told a goal that a shell would run: it is data everywhere', async () => {
    const ran = await run('noop', `Do it ${SHELL} ${OPTION}`);
    expect(ran.code, ran.stdout.slice(-1500)).toBe(0);
    expect(existsSync(join(repository, 'ran'))).toBe(false);
    await noneLeft();
  });
});
