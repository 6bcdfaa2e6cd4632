import { afterEach, describe, expect, it } from 'vitest';
import { bugfix, CHECK } from '../../tests/support/bugfix-story.ts';
import { createStory, tell } from '../../tests/support/story.ts';
import { OPERATOR } from '../commands/index.ts';
import type { StoredEvent } from '../store/event-store.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { explanationLines, type Explanation } from '../transport/cli/shown/explanation.ts';
import { askQuery, createIdIndex, QUERIES, type QueryContext } from './index.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

function given() {
  const story = createStory();
  const steps = bugfix(story);
  const blobs = createMemoryBlobs();
  const ask = async (name: string, input: object) => {
    const store = openMemoryStore();
    open.push(store);
    await tell(store, story.events);
    const definition = QUERIES.get(name);
    if (!definition) throw new Error(`no query ${name}`);
    const context = { principal: OPERATOR, store, blobs, ids: createIdIndex(store) } as unknown as QueryContext;
    return (await askQuery(name, definition, input, context)) as unknown as Explanation & { code?: string };
  };
  const why = (of: string, more: object = {}) => ask('explain', { of, ...more });
  const last = (type: string) => story.events.findLast((event) => event.type === type) as StoredEvent;
  const by = (process: string, cause: StoredEvent) => ({ actor: `process:${process}`, causationId: cause.id });
  return { story, ...steps, blobs, ask, why, last, by };
}

const types = ({ chain }: Explanation) => chain.map((one) => (one as unknown as { type: string }).type);
const links = ({ chain }: Explanation) => chain.map(({ link }) => link);

describe('an explanation', () => {
  it('leads from what a person asked for, by causes that were recorded, to the event, and tells what followed', async () => {
    const { story, start, task, phase, why, last, by } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const taskId = task(workflowId);
    const created = last('TaskCreated');
    story.send('queue_task', { taskId, because: 'its phase runs' }, by('phases', created));
    const queued = last('TaskQueued');
    const agentId = story.id('agt');
    story.send('grant_slot', { agentId, taskId, workflowId, agent: 'repair', attempt: 1 }, by('dispatching', queued));
    story.send('assign_task', { taskId, agentId, attempt: 1 }, by('dispatching', queued));
    const answer = await why(last('TaskAssigned').id);
    expect(types(answer)).toEqual(['TaskCreated', 'TaskQueued', 'TaskAssigned']);
    expect(links(answer)).toEqual(['root', 'recorded', 'recorded']);
    expect(answer).toMatchObject({ cut: null, followed: [], followedMore: false, of: { type: 'TaskAssigned' } });
    expect(answer.chain[0]).toMatchObject({
      ...{ command: 'create_task', because: 'An operator asked for it.', actor: 'operator' },
      ...{ position: String(created.position), text: expect.stringContaining('created the task') },
    });
    const above = await why(queued.id, { position: String(queued.position) });
    expect(above.followed.map(({ type }) => type)).toEqual(['SlotGranted', 'TaskAssigned']);
  });

  it('explains where a thing stands by the event that this rests on, also at an earlier position', async () => {
    const { story, start, task, phase, queue, work, why, last } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const taskId = task(workflowId);
    queue(taskId);
    const at = String(story.events.length);
    const agentId = work(taskId);
    story.send('report_progress', { taskId, message: 'half', fraction: 0.5 }, { actor: `agent:${agentId}` });
    expect((await why(taskId)).of).toMatchObject({ type: 'TaskStarted', eventId: last('TaskStarted').id });
    expect((await why(taskId.slice(0, 20))).of.type).toBe('TaskStarted');
    expect((await why(taskId, { at })).of.type).toBe('TaskQueued');
    expect((await why(agentId)).of.type).toBe('AgentStarted');
    expect((await why(workflowId)).of.type).toBe('WorkflowStarted');
    expect(await why(agentId, { at })).toMatchObject({ code: 'id.unknown' });
  });

  it('marks a link that nobody recorded as inferred', async () => {
    const { story, start, task, phase, queue, work, why, last } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const taskId = task(workflowId);
    queue(taskId);
    const agentId = work(taskId);
    story.send('report_progress', { taskId, message: 'half', fraction: 0.5 }, { actor: `agent:${agentId}` });
    const answer = await why(last('TaskProgressed').id);
    expect(types(answer)).toEqual(['AgentStarted', 'TaskProgressed']);
    expect(links(answer)).toEqual(['root', 'inferred']);
    expect(answer.chain[1]?.because).toContain('by itself');
    story.send('fail_task', { taskId, code: 'x', reason: 'y' }, { actor: 'process:deadlines' });
    const failed = await why(taskId);
    expect(types(failed).slice(-2)).toEqual(['TaskStarted', 'TaskFailed']);
    expect(links(failed).at(-1)).toBe('inferred');
  });

  it('says when a cause cannot be found', async () => {
    const { story, start, why, last } = given();
    const workflowId = start();
    story.send('cancel_workflow', { workflowId, reason: '' }, { actor: 'process:x', causationId: 'evt_gone' });
    const answer = await why(last('WorkflowCancelled').id);
    expect(types(answer)).toEqual(['WorkflowCancelled']);
    expect(answer.cut).toContain('evt_gone');
    const lines = explanationLines(answer);
    expect(lines.find((line) => line.startsWith('…'))).toContain('evt_gone');
    expect(lines.join('\n')).toContain('└─');
  });

  it('refuses what it cannot find, in words', async () => {
    const { start, why, last } = given();
    start();
    const { id } = last('RunOpened');
    expect(await why('evt_nothing')).toMatchObject({ code: 'id.unknown' });
    expect(await why(id, { position: '1' })).toMatchObject({ code: 'id.unknown' });
    expect(await why(id, { at: '1' })).toMatchObject({ code: 'id.unknown' });
    expect(await why('moon_rise')).toMatchObject({ code: 'id.unknown' });
    expect(await why(id, { at: '999' })).toMatchObject({ code: 'position.ahead' });
    expect(await why('tsk_01k00000000000000000000000')).toMatchObject({ code: 'id.unknown' });
  });

  it('reads from top to bottom for people, and lets no escape sequence through', async () => {
    const { story, start, task, phase, queue, why } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const taskId = task(workflowId, { title: 'Mend \u001b[31mit' });
    queue(taskId);
    const lines = explanationLines(await why(taskId));
    expect(lines[0]).toBe(`TaskQueued at ${story.events.length}: queued`);
    expect(lines[2]).toMatch(/^●  00:00:00 operator: /);
    expect(lines).toContain('Nothing has followed from it.');
    expect(lines.join('\n')).not.toContain('\u001b');
  });
});

describe('what a recorded check said', () => {
  it('is each of its checks, the tests that failed and the end of its output', async () => {
    const { story, start, phase, task, queue, work, exit, keep, blobs, ask, last } = given();
    const workflowId = start();
    phase(workflowId, 'fix');
    const taskId = task(workflowId);
    queue(taskId);
    const agentId = work(taskId);
    story.send('update_task_status', { taskId, status: 'done', summary: 's' }, { actor: `agent:${agentId}` });
    exit(agentId);
    keep(taskId);
    const part = { name: 'unit', status: 'failed', cached: false, why: 'It says so.', durationMs: 3, key: null };
    const failing = { id: 'a > b', file: 'a.test.js', name: 'b', status: 'failed', message: 'expected 1' };
    const result = {
      ...{
        checkKey: 'k',
        command: 'npm test',
        commit: 'c',
        status: 'failed',
        exitCode: 1,
        signal: null,
        durationMs: 3,
      },
      ...{ tests: [failing, { ...failing, status: 'passed' }], tail: 'the end', checks: [part] },
    };
    const resultHash = await blobs.put(JSON.stringify(result));
    const check = { ...CHECK, status: 'failed', exitCode: 1, resultHash };
    story.send('fail_validation', { taskId, attempt: 1, check, code: 'check.red', feedback: 'Red.' });
    const { id: eventId, position } = last('ValidationFailed');
    expect(await ask('get_check', { eventId, position: String(position) })).toMatchObject({
      ...{ eventId, type: 'ValidationFailed' },
      results: [
        {
          ...{ of: 'work', tail: 'the end', checks: [part], failuresMore: 0, missing: null },
          failures: [{ id: 'a > b', file: 'a.test.js', name: 'b', message: 'expected 1' }],
        },
      ],
    });
    const baseline = last('BaselineRecorded');
    expect(await ask('get_check', { eventId: baseline.id })).toMatchObject({
      results: [{ tail: null, missing: expect.any(String) }],
    });
    expect(await ask('get_check', { eventId: last('TaskCreated').id })).toMatchObject({ code: 'input.invalid' });
  });
});
