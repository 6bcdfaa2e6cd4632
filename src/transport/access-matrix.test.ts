import { describe, expect, it } from 'vitest';
import {
  as,
  type HttpWorld,
  type HttpWorldOptions,
  openHttpWorld,
  testQueries,
} from '../../tests/support/http-world.ts';
import { COMMANDS, SERVER } from '../commands/index.ts';
import type { Queries } from './queries-port.ts';
import { PAGE_PATHS } from './page-paths.ts';
import { offeredCommands } from './offered.ts';

/**
 * Who may do what, asked of every address and every tool as everybody: what is expected follows from the tables, what
 * happens is asked of a running server. A cell is `allowed` when the request got past every check of identity, whatever
 * became of it then.
 */
const offered = offeredCommands(COMMANDS);
const someText = 'some text';
const samples = ({ taskId, workflowId, agentId }: HttpWorld): Record<string, object> => ({
  create_task: { workflowId, phase: 'fix', title: someText },
  update_task_status: { taskId, status: 'failed', reason: someText },
  give_validation_review: { taskId, verdict: 'pass', evidence: someText },
  submit_result: { workflowId, summary: someText },
  submit_result_validation: { taskId, criteria: [{ criterion: 1, verdict: 'pass', evidence: someText }] },
  report_progress: { taskId, message: someText },
  report_usage: { taskId },
  cancel_task: { taskId },
  restart_task: { taskId },
  boost_task: { taskId },
  dismiss_matter: { matterId: `run_failed:evt_${'a'.repeat(26)}` },
  set_task_priority: { taskId, priority: 'high' },
  message_task: { taskId, text: 'look' },
  revert_task: { taskId },
  revert_workflow: { workflowId },
  start_workflow: { workflow: 'bugfix', repository: '.', goal: someText },
  prune_kept_work: {},
  rescore_best_of_n: { bestOfNId: 'bon_none' },
  pause_workflow: { workflowId },
  resume_workflow: { workflowId },
  cancel_workflow: { workflowId },
  start_best_of_n: { repository: '.', goal: someText },
  cancel_best_of_n: { bestOfNId: 'bon_01k00000000000000000000000' },
  stop_agent: { agentId },
  message_agent: { agentId, text: 'look' },
  interrupt_agent: { agentId },
  set_config: { changes: {} },
  pause_fleet: {},
  record_check_run: {
    runId: 'chk_01k8zj3q0v5e8w2r7t9y4m6n1p',
    repositoryId: 'rep_library',
    folder: '/repos/library',
    source: 'checks.yaml',
    state: 'skipped',
    startedAt: 1,
    durationMs: 1,
    savedMs: 0,
    checks: [],
  },
  resume_fleet: {},
  stop_all: {},
  task_progress: { taskId },
  get_tasks: {},
  get_secrets: {},
  get_view: { view: 'queue' },
  get_events: {},
  wait_for_events: { timeoutMs: 0 },
  mcp: { jsonrpc: '2.0', id: 1, method: 'ping' },
});

type Who = { name: string; role: 'nobody' | 'operator' | 'worker'; headers: Record<string, string>; tools: string[] };

function everybody(world: HttpWorld, allowedTools: string[]): Who[] {
  const nobody = { role: 'nobody' as const, tools: [] };
  return [
    { ...nobody, name: 'no token', headers: {} },
    { ...nobody, name: 'garbage', headers: { authorization: 'Bearer garbage' } },
    { ...nobody, name: 'a token of no agent', headers: as(`hph_a_${'z'.repeat(43)}`) },
    { name: 'operator', role: 'operator', headers: as(world.operatorToken), tools: [] },
    { name: 'worker', role: 'worker', headers: as(world.agentToken), tools: allowedTools },
  ];
}

/** What the tables say about a command or query. */
function expectedOf(who: Who, name: string, roles: readonly string[], isCommand: boolean): string {
  if (who.role === 'nobody') return 'auth.missing or auth.unknown_token';
  if (!roles.includes(who.role)) return 'auth.role';
  return isCommand && who.role === 'worker' && !who.tools.includes(name) ? 'auth.tool_not_allowed' : 'allowed';
}

/** What the tables do not hold: the addresses that are no command and no query. */
const OTHERS: Record<string, { operator: string; worker: string }> = {
  'POST /api/commands/:name': { operator: 'command.unknown', worker: 'command.unknown' },
  'POST /api/queries/:name': { operator: 'query.unknown', worker: 'query.unknown' },
  'GET /api/views/:view': { operator: 'allowed', worker: 'auth.role' },
  'GET /api/events': { operator: 'allowed', worker: 'allowed' },
  'GET /api/streams/:stream': { operator: 'allowed', worker: 'allowed' },
  'GET /health': { operator: 'allowed', worker: 'allowed' },
  'GET /metrics': { operator: 'allowed', worker: 'auth.role' },
  'GET /openapi.json': { operator: 'allowed', worker: 'allowed' },
  'GET /docs': { operator: 'allowed', worker: 'allowed' },
  'GET /docs/start.js': { operator: 'allowed', worker: 'allowed' },
  'GET /docs/scalar.js': { operator: 'allowed', worker: 'allowed' },
  'GET /api/stream': { operator: 'allowed', worker: 'allowed' },
  'POST /api/stream-tickets': { operator: 'allowed', worker: 'auth.role' },
  'POST /api/logout': { operator: 'allowed', worker: 'auth.role' },
  'POST /api/login-codes': { operator: 'allowed', worker: 'auth.role' },
  'POST /api/agents/:agentId/keystrokes': { operator: 'allowed', worker: 'auth.role' },
  'GET /': { operator: 'allowed', worker: 'allowed' },
  'GET /assets/:name': { operator: 'route.unknown', worker: 'route.unknown' },
  ...Object.fromEntries(
    PAGE_PATHS.flatMap((path) => [`GET /${path}`, `GET /${path}/*`]).map((route) => [
      route,
      { operator: 'allowed', worker: 'allowed' },
    ]),
  ),
  'GET /login': { operator: 'auth.login_code', worker: 'auth.login_code' },
  'POST /mcp': { operator: 'allowed', worker: 'allowed' },
};

function expectedAt(route: string, who: Who, queries: Queries): string {
  const name = /^POST \/api\/(?:commands|queries)\/(\w+)$/.exec(route)?.[1];
  const command = offered.find((one) => one.name === name);
  const query = queries.table.get(name ?? '');
  if (command) return expectedOf(who, command.name, command.roles, true);
  if (query && name) return expectedOf(who, name, query.roles, false);
  const other = OTHERS[route];
  if (!other) return 'nobody has said who may';
  // What shows nothing of the workspace: the login has a code, the page says how to get in, its files are everybody's.
  if (!/^(\w+ \/(api|mcp|docs|openapi)|GET \/(health|metrics))/.test(route)) return other.operator;
  return who.role === 'nobody' ? expectedOf(who, '', [], false) : other[who.role];
}

function outcome(status: number, code: string | undefined): string {
  if (code === 'auth.missing' || code === 'auth.unknown_token') return 'auth.missing or auth.unknown_token';
  return code !== undefined && (code.startsWith('auth.') || code.endsWith('.unknown'))
    ? code
    : status < 500
      ? 'allowed'
      : `${status}`;
}

/** Every cell that is not as the tables say, as `who × what: expected, found`. */
async function violations(
  options: HttpWorldOptions,
  allowedTools: string[],
): Promise<{ cells: number; wrong: string[] }> {
  const world = await openHttpWorld({ ...options, allowedTools });
  const queries = options.queries ?? testQueries();
  const wrong: string[] = [];
  let cells = 0;
  const judge = (who: Who, what: string, expected: string, found: string) => {
    cells++;
    if (expected !== found) wrong.push(`${who.name} × ${what}: ${expected}, ${found}`);
  };
  for (const who of everybody(world, allowedTools)) {
    for (const route of world.server.routes()) {
      const [method, path] = route.split(' ') as [string, string];
      const name = path.split('/').at(-1) ?? '';
      const reply =
        method === 'POST'
          ? await world.post(path, samples(world)[name] ?? {}, who.headers)
          : await world.get(path.replace(/:\w+/, 'x-y'), who.headers);
      judge(who, route, expectedAt(route, who, queries), outcome(reply.status, reply.json.error?.code));
    }
    for (const name of [...COMMANDS.keys(), ...queries.table.keys(), 'no_such_tool']) {
      const params = { name, arguments: samples(world)[name] ?? {} };
      const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
      const { status, json } = await world.post('/mcp', call, who.headers);
      const result = (json as { result?: { structuredContent?: { code?: string } } }).result;
      const found = outcome(status, json.error?.code ?? result?.structuredContent?.code);
      const command = offered.find((one) => one.name === name);
      const query = queries.table.get(name);
      const isTool = command?.tool || query?.tool;
      const roles = command?.roles ?? query?.roles ?? [];
      const expected = expectedOf(who, name, roles, command !== undefined);
      judge(who, `tool ${name}`, isTool || who.role === 'nobody' ? expected : 'command.unknown', found);
    }
  }
  await world.close();
  return { cells, wrong };
}

describe('role × address × tool', () => {
  it('has a sample for every command and query that is offered', async () => {
    const world = await openHttpWorld();
    const names = ['mcp', ...offered.map(({ name }) => name), ...testQueries().table.keys()];
    expect(Object.keys(samples(world)).sort()).toEqual(names.sort());
    await world.close();
  });

  const all = offered.filter(({ tool }) => tool).map(({ name }) => name);
  it.each([
    ['every tool', all],
    ['no tool', []],
    ['one tool', ['report_progress']],
  ])('is as the tables say when the phase allows %s', async (_what, allowedTools) => {
    const { cells, wrong } = await violations({}, allowedTools);
    expect(wrong).toEqual([]);
    expect(cells).toBeGreaterThan(400);
  });

  it('would notice a bus that asks nobody who they are', async () => {
    const open: HttpWorldOptions = {
      bus: (bus) => ({ execute: (envelope) => bus.execute({ ...envelope, principal: SERVER }) }),
    };
    const { wrong } = await violations(open, []);
    expect(wrong).toContainEqual(
      expect.stringContaining('worker × POST /api/commands/pause_fleet: auth.role, allowed'),
    );
    expect(wrong).toContainEqual(
      expect.stringContaining('worker × tool report_progress: auth.tool_not_allowed, allowed'),
    );
  });

  it('would notice queries that answer everybody', async () => {
    const queries = testQueries();
    const open: Queries = { ...queries, run: async () => ({}) };
    const { wrong } = await violations({ queries: open }, all);
    expect(wrong).toContainEqual(expect.stringContaining('worker × POST /api/queries/get_secrets: auth.role, allowed'));
    expect(wrong).toContainEqual(expect.stringContaining('worker × tool get_secrets: auth.role, allowed'));
  });

  it('would notice a door that takes any token', async () => {
    const agent = { agentId: 'agt_x', taskId: 'tsk_x', workflowId: 'wfl_x', allowedTools: [] };
    const { wrong } = await violations({ tokens: (known) => ({ ...known, agentByTokenHash: () => agent }) }, all);
    expect(wrong).toContainEqual(expect.stringContaining('a token of no agent × GET /health'));
  });
});

describe('an agent and the task of another', () => {
  it('may not speak for it, on either face, and the attempt is recorded', async () => {
    const world = await openHttpWorld();
    const { json } = await world.post('/api/commands/create_task', {
      workflowId: world.workflowId,
      phase: 'fix',
      title: 'x',
    });
    for (const name of ['update_task_status', 'report_progress', 'report_usage']) {
      const input = { ...samples(world)[name], taskId: json.id };
      const rest = await world.post(`/api/commands/${name}`, input, as(world.agentToken));
      expect([name, rest.status, rest.json.error?.code]).toEqual([name, 403, 'auth.not_yours']);
      const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } };
      const tool = await world.post('/mcp', call, as(world.agentToken));
      expect(tool.json).toMatchObject({ result: { isError: true, structuredContent: { code: 'auth.not_yours' } } });
    }
    const denials = (await world.events()).filter((event) => event.type === 'AccessDenied');
    expect(denials).toHaveLength(6);
    expect(denials.every((event) => event.stream === `agent-${world.agentId}`)).toBe(true);
    await world.close();
  });
});
