import { describe, expect, it } from 'vitest';
import { bugfix } from '../../../../tests/support/bugfix-story.ts';
import { contests } from '../../../../tests/support/contest-story.ts';
import { contestScore } from '../../../../tests/support/examples.ts';
import { createStory, tell } from '../../../../tests/support/story.ts';
import { systemClock } from '../../../kernel/adapters/system.ts';
import { createMemoryCache } from '../../../projections/adapters/memory-cache.ts';
import { STATES } from '../../../kernel/state-words.ts';
import { startProjectionHost, VIEWS } from '../../../projections/index.ts';
import { openMemoryStore } from '../../../store/adapters/memory.ts';
import { stateWord } from '../../words/index.ts';
import { type BestOfNAnswer, laterLines } from './best-of-n.ts';
import { factLines } from './facts.ts';
import { SHOWN } from './index.ts';
import { queueLines } from './queue.ts';

/** What a person sees of a view of the story. */
function given() {
  const story = createStory();
  const view = async (name: string, params: Record<string, unknown>) => {
    const store = openMemoryStore();
    await tell(store, story.events);
    const parts = { store, views: VIEWS, cache: createMemoryCache(), logId: 'log', clock: systemClock };
    const host = await startProjectionHost(parts);
    const answer = await host.view(name, params, { until: await store.head() });
    await host.close();
    return answer;
  };
  const shown = async (query: string, name: string, params: Record<string, unknown>) =>
    SHOWN[query]?.(await view(name, params)).join('\n') ?? '';
  const bestOf = async (bestOfNId: string) => {
    const answer = await view('best-of-n', { bestOfNId });
    const rows = Object.fromEntries(Object.entries(answer.rows).map(([id, row]) => [id, { ...row, task: null }]));
    return { ...answer, rows } as unknown as BestOfNAnswer;
  };
  return { story, ...bugfix(story), ...contests(story), view, shown, bestOf };
}

describe('the queue', () => {
  it('has a line for each open task with who works on it or why nobody does, and no JSON', async () => {
    const { story, start, phase, task, queue, work, shown } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const [one, two] = [
      task(workflowId, { title: 'Mend \u001b[31mthe parser' }),
      task(workflowId, { agent: 'claude' }),
    ];
    queue(one);
    queue(two);
    const agentId = work(one);
    story.send('pause_fleet', { reason: 'look' });
    const text = await shown('get_queue', 'queue', {});
    expect(text).toMatch(new RegExp(`${one} +Mend the parser +fix +repair +in progress .* ${agentId}`));
    expect(text).toMatch(new RegExp(`${two} .* claude +queued .*paused`));
    expect(text).toContain('2 open, 1 of them run; 1 of 4 slots are used.\nThe fleet is paused: look.');
    expect(text).not.toMatch(/[{}"\u001b]/);
  });

  it('says each state of a task by the word that the page has for it', () => {
    const states = Object.keys(STATES.task);
    const row = { taskId: 't', title: 'x', phase: 'p', agent: null, running: true, agentId: null, ageMs: 0 };
    const rows = Object.fromEntries(states.map((status) => [status, { ...row, status, position: null, reasons: [] }]));
    const lines = queueLines({ rows, summary: {} });
    for (const [at, state] of states.entries()) expect(lines[at + 1]).toContain(` ${stateWord('task', state).word} `);
  });

  it('says that nothing is open', async () => {
    expect(await given().shown('get_queue', 'queue', {})).toBe(
      'No task is open.\n\n0 open, 0 of them run; 0 of 4 slots are used.',
    );
  });
});

describe('the inbox', () => {
  it('has each matter with what it rests on and what to do about it', async () => {
    const { story, start, shown } = given();
    story.send('fail_workflow', { workflowId: start(), code: 'red', reason: 'It is \u001b[31mred', delivery: null });
    story.send('pause_fleet', { reason: 'look' });
    const text = await shown('get_inbox', 'inbox', {});
    expect(text).toMatch(/^! The fleet is paused, for .*\n {2}No further agent starts\. Paused by operator: look\.\n/);
    expect(text).toContain('\n  Resume the fleet: heph fleet resume\n');
    expect(text).toMatch(/○ Run failed: Make the tests pass, for .*\n {2}It is red\n/);
    expect(text).toMatch(/Put it aside: heph inbox dismiss run_failed:evt_\w+$/);
  });

  it('says that nothing waits', async () => {
    expect(await given().shown('get_inbox', 'inbox', {})).toBe('Nothing waits for you.');
  });
});

describe('a best-of-N', () => {
  it('is a table of its candidates, what the scorers saw, the verdict, and every later one', async () => {
    const { story, begin, plan, build, end, score, complete, bestOf } = given();
    const id = begin({ weights: { tests: 1, time: 1 } });
    plan(id);
    for (const index of [0, 1, 2]) build(id, index);
    end(id, 0, { costUsd: 0.25 });
    end(id, 1);
    end(id, 2, { outcome: 'failed', reason: 'Two tests fail.' });
    score(id, 0, 0.5);
    score(id, 1, 1);
    complete(id);
    story.send('rescore_best_of_n', { bestOfNId: id, score: 'time=1' });
    const lines = SHOWN.get_best_of_n?.(await bestOf(id)) ?? [];
    const text = lines.join('\n');
    expect(text).toContain(`Best of 3, ${id}: completed`);
    expect(text).toMatch(/variant +agent +what is different +status +total +tests +time +lines +built in +cost +place/);
    expect(text).toMatch(/\n0 +repair +As given\. +passed +0\.7 +0\.5 +0\.9 +4 +1 min 00 s +\$0\.25 +2\n/);
    expect(text).toMatch(/\n1 .* passed +0\.95 +1 +0\.9 .* won\n/);
    expect(text).toContain(
      '  tests: tests is 0.5. (variant 0)\n  tests: tests is 1. (variant 1)\n  time: time is 0.9. (variants 0, 1)\n',
    );
    expect(text).toContain('variant 2: It failed: Two tests fail.');
    expect(text).toContain('Variant 1 scores 0.95, more than variant 0 with 0.7.\nThe winner is merged as m1.');
    expect(text).toContain('Verdict 2, time=1, recorded scores, by operator: Variant 0 and variant 1 both score 0.9');
    expect(laterLines(await bestOf(id), 2).join('\n')).toMatch(/\n0 +passed +0\.9 +0\.9 +1\n1 /);
    expect(laterLines(await bestOf(id), 3)).toEqual([]);
  });

  it('says of one that goes on where its candidates are, and of one without a winner why', async () => {
    const { story, begin, plan, build, judged, bestOf } = given();
    const open = begin({ n: 2 });
    plan(open);
    const taskId = build(open, 1);
    const answer = await bestOf(open);
    const row = answer.rows[`${open}/1`] as BestOfNAnswer['rows'][string];
    row.task = { status: 'queued', running: false, reasons: [{ text: 'All 4 slots are used' }] };
    const text = SHOWN.get_best_of_n?.(answer).join('\n');
    expect(text).toContain('variant 0: It has no task yet.');
    expect(text).toContain(`variant 1: It is being built by ${taskId}. Its task is queued: All 4 slots are used.`);
    expect(text).toContain('No winner yet: it is building.');
    const none = judged({}, [null, null]);
    story.send('rescore_best_of_n', { bestOfNId: none, check: 'npm run slow' });
    story.send('abandon_rescoring', { bestOfNId: none, verdict: 2, reason: 'They were pruned.' });
    const failed = SHOWN.get_best_of_n?.(await bestOf(none)).join('\n');
    expect(failed).toContain('Why: None of 2 candidates passed');
    expect(failed).toContain('measured anew under npm run slow, by operator: given up: They were pruned.');
  });
});

describe('builds, runs and statistics', () => {
  it('are tables', async () => {
    const { judged, shown } = given();
    const id = judged({ agents: ['repair', 'claude'], models: { claude: ['small'] } }, [0.5, 1, null]);
    expect(await shown('list_best_of_n', 'builds', { show: 'runs' })).toMatch(
      new RegExp(`${id} +3 +Make the tests pass +selected +2 passed, 1 failed +variant 1 +0\\.95`),
    );
    const builds = await shown('get_builds', 'builds', { order: 'top', limit: 1 });
    expect(builds).toMatch(new RegExp(`${id}/1 +${id}/0 +[0-9a-f]{8} +claude .* passed +0\\.95 +won`));
    expect(builds).toContain('There are more');
    const stats = await shown('get_best_of_n_stats', 'builds', { show: 'stats' });
    expect(stats).toMatch(/agent +builds +passed +won +win rate +regret +cost/);
    expect(stats).toMatch(/\nclaude +1 +100 % +1 of 1 +100 % +0 +\$0 /);
    expect(stats).toMatch(/\nas given +1 +100 % +0 of 1 +0 % +0\.25 /);
    expect(stats).toContain('1 of 1 best-of-Ns had a winner; first verdicts only.');
  });

  it('say when there is nothing', async () => {
    const { shown } = given();
    expect(await shown('list_best_of_n', 'builds', { show: 'runs' })).toBe('There is no best-of-N.');
    expect(await shown('get_builds', 'builds', {})).toBe('No build fits.');
    expect(await shown('get_best_of_n_stats', 'builds', { show: 'stats' })).toBe('No candidate has been built yet.');
  });
});

describe('facts', () => {
  it('are a line each, in words, with what is empty left out', () => {
    const facts = {
      ...{ taskId: 'tsk_1', ageMs: 4200, startedAt: 0, on: true, nothing: null, none: [], empty: { a: null } },
      counts: { in_progress: 2, queued: 1 },
      files: ['a.js', 'b.js'],
      reasons: [{ code: 'cap', text: 'no\u001b[2J slot' }, { deep: { list: [{ x: 1 }] } }],
      scores: [contestScore('tests', 1)],
    };
    expect(factLines(facts)).toEqual([
      'task id: tsk_1',
      'age: 4.2 s',
      'started at: 1970-01-01T00:00:00.000Z',
      'on: yes',
      'counts: in progress 2, queued 1',
      'files: a.js, b.js',
      'reasons:',
      '  - code cap, text no slot',
      '  - deep:',
      '      list:',
      '        - x 1',
      'scores:',
      '  - scorer tests, value 1, words tests is 1.',
    ]);
  });
});

describe('costs', () => {
  it('have a row for each that used something, and say what nobody told', async () => {
    const { story, start, phase, task, queue, work, shown } = given();
    const workflowId = start('Mend \u001b[31mit');
    phase(workflowId, 'fix');
    const [told, silent] = [task(workflowId, { title: 'Told' }), task(workflowId, { title: 'Silent' })];
    for (const one of [told, silent]) queue(one);
    const agentId = work(told);
    work(silent);
    const used = { inputTokens: 1234, outputTokens: 20, costUsd: 0.5, wallMs: 4200 };
    story.send('report_usage', { taskId: told, ...used }, { actor: `agent:${agentId}` });
    const text = await shown('get_costs', 'cost', { by: 'task' });
    expect(text).toMatch(new RegExp(`${told} +Told +1.2 k +20 +\\$0.5 +4.2 s`));
    expect(text).toMatch(new RegExp(`${silent} +Silent +– +– +– +–`));
    expect(text).toContain('1 of 2 agents told nothing of what they used; it is in no sum.');
    expect(await shown('get_costs', 'cost', {})).toMatch(new RegExp(`${workflowId} +Mend it +1.2 k`));
  });

  it('say that nobody has worked', async () => {
    expect(await given().shown('get_costs', 'cost', {})).toBe('No agent has worked yet.');
  });
});

describe('checks', () => {
  it('have a row for each, with what failed', async () => {
    const { story, start, shown } = given();
    const workflowId = start();
    const line = { cached: false, why: '', key: null, durationMs: 5, attempts: 1, exitCode: 1, tests: null, tail: '' };
    story.send('record_check_run', {
      ...{ runId: story.id('chk'), repositoryId: 'rep_one', folder: '/re\u001b[31mpo', source: 'checks.yaml' },
      ...{ state: 'failed', startedAt: 1, durationMs: 90, savedMs: 0, head: null, clean: null },
      checks: [{ ...line, name: 'unit', status: 'failed' }],
    });
    const text = await shown('get_checks', 'checks', {});
    expect(text).toMatch(/run +failed +\/repo +unit failed +90 ms +– +\d+ d ago +evt_/);
    expect(text).toMatch(new RegExp(`baseline +failed +${workflowId} `));
    expect(await shown('get_checks', 'checks', { kind: 'merge' })).toBe('No check fits.');
  });

  it('tell what one said, with the end of its output made safe', () => {
    const summary = { command: 'npm test', status: 'failed', passed: 1, failed: 1 };
    const part = { name: 'unit', status: 'failed', cached: true, why: 'It says so.', durationMs: 3 };
    const answer = {
      text: 'The work was sent back.',
      results: [
        {
          ...{ of: 'work', summary, tail: 'the \u001b[31mend\n', checks: [part], failuresMore: 2, missing: null },
          failures: [{ name: 'b', file: 'a.test.js', message: 'expected 1\nreceived 2' }],
        },
        { of: 'base_judge', summary, tail: null, checks: null, failures: null, failuresMore: 0, missing: 'Gone.' },
      ],
    };
    expect(SHOWN.get_check?.(answer)).toEqual([
      'The work was sent back.',
      '',
      'The check: npm test failed.',
      'check  status           took  because',
      'unit   failed (cached)  3 ms  It says so.',
      '✗ a.test.js: b',
      '    expected 1',
      '    received 2',
      'and 2 more.',
      '',
      'the end',
      '',
      'With the judge of the base: npm test failed.',
      'Gone.',
    ]);
  });
});
