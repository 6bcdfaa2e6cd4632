import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CliWorld, cliWorld } from '../../../../tests/support/cli-world.ts';
import { type Answer, type Asked, announce, fakeServer } from '../../../../tests/support/fake-server.ts';
import { main } from '../main.ts';
import { impatientClock } from '../../../../tests/support/impatient-clock.ts';
import type { RunReport } from './report.ts';

const data = mkdtempSync(join(tmpdir(), 'heph-follow-'));
afterAll(() => rmSync(data, { recursive: true }));

const WORKFLOW = 'wfl_1';
const COMMIT = 'c'.repeat(40);
const CHECK = {
  command: 'npm test',
  commit: COMMIT,
  status: 'failed',
  exitCode: 1,
  durationMs: 2100,
  passed: 60,
  failed: 7,
  skipped: 0,
  resultHash: null,
};
const DELIVERY = { runBranch: 'heph/run-1', commit: 'd'.repeat(40), baseBranch: 'main', base: 'moved', reason: null };

let position = 0;
function event(stream: string, type: string, to: string, fields: Record<string, unknown> = {}) {
  position++;
  const taskId = stream.startsWith('task-') ? stream.slice(5) : undefined;
  return {
    id: `evt_${position}`,
    stream,
    revision: 0,
    position: String(position),
    type,
    v: 1,
    at: 1_000 * position,
    data: fields,
    meta: { actor: 'server', scope: { workflowId: WORKFLOW, ...(taskId && { taskId }) }, to },
  };
}
const workflow = (type: string, fields = {}) => event(`workflow-${WORKFLOW}`, type, 'active', fields);
const task = (id: string, type: string, to: string, fields = {}) => event(`task-${id}`, type, to, fields);

const started = () =>
  workflow('WorkflowStarted', {
    workflowId: WORKFLOW,
    definition: { title: 'Bug fix' },
    goal: 'g',
    runBranch: 'heph/run-1',
    check: 'npm test',
    repository: { repositoryId: 'rep_1', path: '/re po', baseBranch: 'main', baseCommit: 'b'.repeat(40) },
  });
const created = (id: string, title: string) =>
  task(id, 'TaskCreated', 'pending', {
    title,
    phase: 'fix',
    agent: 'repair',
    inputs: { failures: [{ file: 'a.test.js', name: 'adds' }] },
  });

/** A run of two tasks: one is merged, one fails in a way that tries to paint the terminal. */
function story() {
  position = 0;
  return [
    started(),
    workflow('BaselineRecorded', { check: CHECK }),
    workflow('PhaseStarted', { phase: 'fix', round: 1 }),
    created('tsk_1', 'Mend a'),
    created('tsk_2', 'Mend b'),
    task('tsk_1', 'TaskAssigned', 'assigned', { agentId: 'agt_1', attempt: 1 }),
    task('tsk_1', 'TaskStarted', 'in_progress', { agentId: 'agt_1', attempt: 1 }),
    task('tsk_1', 'TaskProgressed', 'in_progress', { message: 'half \u001b]0;owned\u0007way', fraction: 0.5 }),
    task('tsk_1', 'WorkSubmitted', 'blocked_on_validation', {
      agentId: 'agt_1',
      attempt: 1,
      summary: '<= is <',
      outputs: {},
      how: 'reported',
    }),
    task('tsk_1', 'TreeKept', 'blocked_on_validation', {
      files: [{ path: 'src/a.js', insertions: 1, deletions: 1 }],
      filesMore: 0,
    }),
    task('tsk_1', 'TaskMerged', 'done', { commit: COMMIT, branch: 'heph/run-1' }),
    task('tsk_2', 'TaskFailed', 'failed', { code: 'no_patch', reason: 'tried 51 candidates', by: 'agent:agt_2' }),
  ];
}

type Event = ReturnType<typeof event>;

/** Which view is asked for. */
function viewOf({ path, body }: Asked): string | null {
  return path === '/api/queries/get_view' ? (body as { view: string }).view : null;
}

/** A server that knows these events, and gives at most `page` of them at once. */
function serving(
  events: Event[],
  options: { page?: number; queue?: unknown[]; before?: (asked: Asked) => Answer | null } = {},
) {
  return (asked: Asked): Answer => {
    const special = options.before?.(asked);
    if (special) return special;
    if (asked.path === '/health') return { body: { startedAt: 1 } };
    if (asked.path === '/api/commands/start_workflow')
      return { body: { ok: true, id: WORKFLOW, position: '1', events: [], state: 'active', repeated: false } };
    if (viewOf(asked) === 'queue')
      return { body: { ok: true, result: { rows: Object.fromEntries((options.queue ?? []).entries()) } } };
    if (viewOf(asked) === 'workflow') return { body: { ok: true, result: { summary: {} } } };
    const after = Number((asked.body as { after: string }).after);
    const found = events.filter((one) => Number(one.position) > after).slice(0, options.page ?? 500);
    return { body: { ok: true, result: { events: found, position: found.at(-1)?.position ?? String(after) } } };
  };
}

async function heph(
  words: string[],
  answer: (asked: Asked) => Answer,
  during?: (cli: CliWorld, look: () => void) => void,
) {
  await using server = await fakeServer(answer);
  announce(data, server);
  // So long a silence as makes the follower look for reasons is over at once.
  const { clock } = impatientClock(Number.NaN);
  const cli = cliWorld({ env: { HEPH_DATA: data }, clock });
  during?.(cli, server.look);
  const code = await main(words, cli.world, '0', async () => []);
  return { code, cli, asked: server.asked, report: () => cli.records().at(-1) as unknown as RunReport };
}

describe('following a run', () => {
  const completed = () => [...story(), workflow('WorkflowCompleted', { delivery: DELIVERY, summary: 'Done.' })];

  it('tells each step in a line, then reports, and ends with 0 when the run completed', async () => {
    const { code, cli } = await heph(['run', 'bugfix', '--repo', 'here', '--goal', 'g'], serving(completed()));
    expect(code).toBe(0);
    const text = cli.out();
    for (const part of [
      'Bug fix on /re po (main at bbbbbbbb), run wfl_1',
      'Before the work: npm test failed, 60 tests pass, 7 fail (2.1 s)',
      'Mend a: half way (50 %)',
      'Mend a: changed src/a.js',
      'Mend b: failed (no_patch): tried 51 candidates',
      'Report: completed in 12.0 s',
      'failing: a.test.js adds',
      'src/a.js +1 −1',
      `merged as ${COMMIT}`,
      'why: tried 51 candidates',
      `Delivered: main is at ${DELIVERY.commit}`,
      'heph events --workflow wfl_1',
    ]) {
      expect(text).toContain(part);
    }
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u001b\u0007]/);
  });

  it('tells of a batch, and of a revert that an agent resolves', async () => {
    const train = (type: string, fields = {}) => event('mergeTrain-mtr_1', type, 'batching', fields);
    const events = [
      ...story(),
      train('BatchStarted', { candidateIds: ['tsk_1-1', 'tsk_2-1'], limit: 16 }),
      train('BatchChecked', { count: 2, commit: COMMIT, pass: false, again: false, check: null }),
      train('BatchChecked', { count: 1, commit: COMMIT, pass: true, again: false, check: null }),
      train('RevertHandedOver', { candidateId: 'cnd_1', workflowId: WORKFLOW, taskId: 'tsk_3', files: ['a.js'] }),
      workflow('WorkflowCompleted', { delivery: DELIVERY, summary: 'Done.' }),
    ];
    const { cli } = await heph(['run', 'bugfix', '--repo', 'here', '--goal', 'g'], serving(events));
    expect(cli.out()).toContain('2 changes are merged and checked together');
    expect(cli.out().match(/The first \d of them do not pass together/g)).toEqual([
      'The first 2 of them do not pass together',
    ]);
    expect(cli.out()).toContain('A revert conflicts in a.js; an agent resolves that');
  });

  it('tells of a task whose candidates work, and of a candidate that its work is kept and not merged', async () => {
    const ofTask = (id: string, more: object) =>
      task(id, 'TaskCreated', 'pending', { title: `Build ${id}`, phase: 'build', agent: null, inputs: {}, ...more });
    const events = [
      started(),
      ofTask('tsk_1', { candidates: { n: 2 } }),
      task('tsk_1', 'TaskStarted', 'in_progress', { agentId: null, attempt: 1 }),
      ofTask('tsk_2', { candidate: { bestOfNId: 'bon_1', index: 1, base: COMMIT } }),
      task('tsk_2', 'TaskCompleted', 'done', { summary: 'Mended.' }),
      workflow('WorkflowCompleted', { delivery: DELIVERY, summary: 'Done.' }),
    ];
    const { cli } = await heph(['run', 'best-of', '--repo', 'here', '--goal', 'g'], serving(events));
    expect(cli.out()).toContain('Build tsk_1: 2 candidates work for it');
    expect(cli.out()).toContain('kept as variant 1 of bon_1; what wins is merged above');
    expect(cli.out().match(/kept as variant/g)).toHaveLength(1);
  });

  it('tells of a task that failed what was said in each round, and of one that passed nothing of it', async () => {
    const back = (id: string, feedback: string) => [
      task(id, 'ValidationFailed', 'needs_work', { round: 1, code: 'still_failing', feedback, check: null }),
      task(id, 'FeedbackAcknowledged', 'in_progress', { agentId: 'agt_9', attempt: 2 }),
    ];
    const events = story();
    events.splice(-2, 0, ...back('tsk_1', 'not yet'), ...back('tsk_2', 'adds is red'));
    events.splice(
      -1,
      0,
      task('tsk_2', 'WorkSentBack', 'needs_work', { code: 'conflict', feedback: 'a.js', files: [] }),
    );
    const ended = [...events, workflow('WorkflowCompleted', { delivery: DELIVERY, summary: 'Done.' })];
    const { report } = await heph(['follow', WORKFLOW, '--json'], serving(ended));
    expect(report().tasks[1]?.rounds).toEqual([
      { code: 'still_failing', feedback: 'adds is red', acknowledged: true },
      { code: 'conflict', feedback: 'a.js', acknowledged: false },
    ]);
    const { cli: words } = await heph(['follow', WORKFLOW], serving(ended));
    expect(words.out()).toContain('round 1 (still_failing, its agent got it): adds is red');
    expect(words.out()).toContain('round 2 (conflict): a.js');
  });

  it('sends the repository as a whole path and every option as the command has it', async () => {
    const words = [
      'run',
      'bugfix',
      '--repo',
      'here',
      '--goal',
      'g',
      '--agent',
      'claude',
      '--check',
      'make test',
      '--branch',
      'dev',
      '--no-merge',
      '--from-head',
      '--param',
      'n=3',
      '--param',
      'name=x y',
      '--idempotency-key',
      'k',
    ];
    const { asked } = await heph(words, serving(completed()));
    const start = asked.find(({ path }) => path.endsWith('start_workflow'));
    expect(start?.body).toEqual({
      workflow: 'bugfix',
      repository: '/here',
      goal: 'g',
      agent: 'claude',
      check: 'make test',
      branch: 'dev',
      merge: false,
      fromHead: true,
      params: { n: 3, name: 'x y' },
    });
    expect(start?.headers['idempotency-key']).toBe('k');
  });

  it('gives one object a line with --json, the report last', async () => {
    const { code, cli, report } = await heph(
      ['run', 'bugfix', '--repo', '.', '--goal', 'g', '--json'],
      serving(completed()),
    );
    expect(code).toBe(0);
    expect(
      cli
        .records()
        .filter(({ type }) => type === 'event')
        .map(({ position }) => position),
    ).toEqual(completed().map((one) => one.position));
    expect(report()).toMatchObject({
      type: 'report',
      outcome: 'completed',
      branch: 'heph/run-1',
      commits: [COMMIT, DELIVERY.commit],
      base: { branch: 'main', state: 'moved' },
      tasks: [
        { taskId: 'tsk_1', status: 'done', commit: COMMIT, summary: '<= is <', reason: null },
        { taskId: 'tsk_2', status: 'failed', code: 'no_patch', reason: 'tried 51 candidates' },
      ],
    });
  });

  it('shows every event once over many pages and a server that was away', async () => {
    let calls = 0;
    const before = (asked: Asked): Answer | null =>
      asked.path.endsWith('wait_for_events') && ++calls % 3 === 0 ? { hangUp: true } : null;
    const { code, cli } = await heph(['follow', WORKFLOW, '--json'], serving(completed(), { page: 1, before }));
    expect(code).toBe(0);
    expect(calls).toBeGreaterThan(completed().length);
    expect(
      cli
        .records()
        .filter(({ type }) => type === 'event')
        .map(({ position }) => position),
    ).toEqual(completed().map((one) => one.position));
  });

  const submitted = (by: string) =>
    workflow('ResultSubmitted', {
      submission: 1,
      by,
      summary: 'All is well.',
      outputs: {},
      commit: COMMIT,
      taskId: null,
    });

  it('tells of the result with each criterion', async () => {
    const criteria = [
      { criterion: 'All checks pass.', verdict: 'pass', evidence: 'npm test passes' },
      { criterion: 'The manual tells of it.', verdict: 'not_judged', evidence: 'No check proves it.' },
    ];
    const events = [
      ...story(),
      submitted('process:phases'),
      workflow('ResultAccepted', { submission: 1, check: null, criteria, commit: COMMIT }),
      workflow('WorkflowCompleted', { delivery: DELIVERY, summary: 'Done.' }),
    ];
    const { cli } = await heph(['follow', WORKFLOW], serving(events));
    for (const part of [
      'Result submitted by process:phases: All is well.',
      'Result: accepted',
      '  pass       All checks pass. (npm test passes)',
      '  not judged The manual tells of it. (No check proves it.)',
    ])
      expect(cli.out()).toContain(part);
    const { report } = await heph(['follow', WORKFLOW, '--json'], serving(events));
    expect(report().result).toMatchObject({ status: 'accepted', criteria, commit: COMMIT });
  });

  const awaiting = (from: string, text: string) => (asked: Asked) =>
    viewOf(asked) === 'workflow'
      ? { body: { ok: true, result: { summary: { result: { awaits: { from, text } } } } } }
      : null;

  it('ends with 3 and says what to do when an operator is to submit the result', async () => {
    const before = awaiting('operator', 'An operator submits it: heph result submit wfl_1');
    const { code, cli } = await heph(['follow', WORKFLOW], serving(story(), { before }));
    expect(code).toBe(3);
    expect(cli.out()).toContain('heph result submit wfl_1');
    expect(cli.out()).not.toContain('fleet resume');
    const { report } = await heph(['follow', WORKFLOW, '--json'], serving(story(), { before }));
    expect(report()).toMatchObject({ outcome: 'stalled', code: 'run.awaits_result' });
  });

  /** The end comes when so much has been said. */
  const endingWhen = (said: string, events: Event[]) => (cli: CliWorld, look: () => void) => {
    const { stdout } = cli.world;
    cli.world.stdout = {
      write(data, done) {
        stdout.write(data, done);
        if (!String(data).includes(said)) return;
        events.push(...completed().slice(-1));
        look();
      },
    };
  };

  it('tells for whom the result waits, and goes on', async () => {
    const events = story();
    const before = awaiting('reviewer', 'tsk_9 reviews the result.');
    const ends = endingWhen('tsk_9 reviews', events);
    const { code, cli } = await heph(['follow', WORKFLOW], serving(events, { before }), ends);
    expect([code, cli.out().split('tsk_9 reviews the result.').length - 1]).toEqual([0, 1]);
  });

  it('ends with 1 and says how to merge by hand when the base was left alone', async () => {
    const left = [
      ...story(),
      workflow('WorkflowFailed', {
        code: 'phase_red',
        reason: 'Fix is red',
        delivery: { ...DELIVERY, base: 'left', reason: 'the base has moved' },
      }),
    ];
    const { code, cli } = await heph(['follow', WORKFLOW], serving(left));
    expect(code).toBe(1);
    expect(cli.out()).toContain('Report: failed in 12.0 s: Fix is red');
    expect(cli.out()).toContain("git -C '/re po' merge --no-ff heph/run-1");
  });

  const waits = (codes: string[], running = false) => ({
    taskId: 'tsk_1',
    workflowId: WORKFLOW,
    title: 'Mend a',
    running,
    reasons: codes.map((code) => ({ code, text: `because of ${code}` })),
  });

  it('ends with 3 and the reason when whatever waits, waits for a person', async () => {
    const queue = [waits(['agent_stopped']), waits(['phase_not_started'])];
    const { code, report, cli } = await heph(['follow', WORKFLOW, '--json'], serving(story(), { queue }));
    expect(code).toBe(3);
    expect(report()).toMatchObject({ outcome: 'stalled', code: 'run.stalled', reason: 'because of agent_stopped' });
    expect(cli.records().some(({ type }) => type === 'waiting')).toBe(false);
  });

  it.each([
    [[waits(['no_slot'])]],
    [[waits(['agent_stopped']), waits([], true)]],
    [[waits(['agent_stopped']), waits(['merge'])]],
    [[waits(['phase_not_started'])]],
  ])('goes on while something moves, and shows why the rest waits: %j', async (queue) => {
    const events = story();
    const ends = endingWhen('waits: because of', events);
    const { code, cli } = await heph(['follow', WORKFLOW], serving(events, { queue }), ends);
    expect(code).toBe(0);
    const lines = cli
      .out()
      .split('\n')
      .filter((line) => line.includes('waits: because of'));
    expect(lines.length).toBe(queue.filter((one) => one.reasons.length > 0).length);
  });

  it('leaves the run alone at Ctrl-C, ends with 130 and says how to come back', async () => {
    let cli: CliWorld | undefined;
    const before = (asked: Asked): null => {
      if (viewOf(asked) === 'queue') cli?.signal('SIGINT');
      return null;
    };
    const { code, asked } = await heph(
      ['follow', WORKFLOW],
      serving(story(), { queue: [waits(['no_slot'])], before }),
      (made) => (cli = made),
    );
    expect(code).toBe(130);
    expect(cli?.err()).toContain('heph follow wfl_1');
    expect(asked.some(({ path }) => path.startsWith('/api/commands/'))).toBe(false);
  });
});
