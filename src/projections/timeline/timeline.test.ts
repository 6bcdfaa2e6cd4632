import { describe, expect, it } from 'vitest';
import { bugfix } from '../../../tests/support/bugfix-story.ts';
import { createStory, tell } from '../../../tests/support/story.ts';
import { ACTORS } from '../../actors/catalogue.ts';
import { carryOverFacts } from '../../machines/carry-over.ts';
import { openMemoryStore } from '../../store/adapters/memory.ts';
import type { Rendered } from '../define-projection.ts';
import { SENTENCES, sentenceOf, timelineParams, timelineView } from './index.ts';

describe('sentences', () => {
  const known = [...ACTORS.values(), { facts: carryOverFacts }].flatMap((actor) => Object.keys(actor.facts));

  it('has one for every kind of fact of every actor, and no other', () => {
    expect(known.length).toBeGreaterThan(50);
    expect(Object.keys(SENTENCES).sort()).toEqual([...known].sort());
  });

  it('says a whole sentence of each event of a run', () => {
    const story = createStory();
    const steps = bugfix(story);
    const workflowId = steps.start();
    steps.phase(workflowId, 'fix');
    const taskId = steps.task(workflowId, { title: 'Mend the parser' });
    steps.queue(taskId);
    steps.finish(taskId, steps.work(taskId));
    const { trainId, candidateId } = steps.board(workflowId, taskId);
    steps.land(trainId, candidateId, taskId);
    steps.complete(workflowId);
    for (const event of story.events) expect(sentenceOf(event), event.type).toMatch(/^[\p{L}“].*[^ ]$/u);
    const created = story.events.find((event) => event.type === 'TaskCreated');
    expect(created && sentenceOf(created)).toBe('operator created the task “Mend the parser” in phase fix.');
  });

  it('names an event that it does not know, or whose data it does not understand, by its type', () => {
    expect(sentenceOf({ type: 'MoonRose', data: {} })).toContain('MoonRose');
    expect(sentenceOf({ type: 'constructor', data: {} })).toContain('constructor');
    expect(sentenceOf({ type: 'WorkflowStarted', data: {} })).toContain('WorkflowStarted');
  });
});

describe('timeline', () => {
  async function given() {
    const story = createStory();
    const steps = bugfix(story);
    const [one, two] = [steps.start('one'), steps.start('two')];
    steps.phase(one, 'fix');
    const taskId = steps.task(one);
    const other = steps.task(one);
    steps.queue(taskId);
    const agentId = steps.work(taskId);
    const store = openMemoryStore();
    await tell(store, story.events);
    const ask = (params: Record<string, unknown>, at = BigInt(story.events.length)): Promise<Rendered> =>
      timelineView.query(store, timelineParams.parse(params), { position: at, asOf: story.now() });
    const types = async (params: Record<string, unknown>, at?: bigint) =>
      Object.values((await ask(params, at)).rows).map((row) => row.type);
    return { story, one, two, taskId, other, agentId, ask, types };
  }

  it('filters by who made it happen and by text, in capitals or not', async () => {
    const { types, taskId } = await given();
    expect(await types({ actor: 'agent:' })).toEqual([]);
    expect(await types({ actor: 'oper', types: ['TaskCreated'] })).toHaveLength(2);
    expect(await types({ text: 'taskQUEUED' })).toEqual(['TaskQueued']);
    const ofTask = await types({ text: taskId.toUpperCase() });
    expect(ofTask).toContain('TaskCreated');
    expect(ofTask).not.toContain('WorkflowStarted');
    expect(await types({ text: 'there is no such text' })).toEqual([]);
  });

  it('looks at so much of the log and no more for one page, and tells where to go on', async () => {
    const { ask } = await given();
    const event = (await ask({ limit: 1 })).rows;
    expect(Object.keys(event)).toHaveLength(1);
    const [id, ...rest] = ['evt', 'task-tsk_1', 'TaskBoosted'];
    const store = { ...openMemoryStore(), readAll: () => boring() } as unknown as Parameters<
      typeof timelineView.query
    >[0];
    async function* boring() {
      for (let n = 1; ; n++)
        yield {
          id,
          stream: rest[0],
          revision: n,
          position: BigInt(n),
          type: rest[1],
          v: 1,
          at: 0,
          data: {},
          meta: { actor: 'operator' },
        };
    }
    const params = timelineParams.parse({ actor: 'nobody' });
    const { rows, summary } = await timelineView.query(store, params, { position: 1_000_000n, asOf: 0 });
    expect([rows, summary]).toEqual([{}, { count: 0, more: true, next: '20000' }]);
  });

  it('filters by workflow, task, agent, stream and type', async () => {
    const { story, one, two, taskId, other, agentId, types } = await given();
    expect(await types({ workflowId: two })).toEqual(['WorkflowStarted', 'RunOpened', 'BaselineRecorded']);
    expect(await types({ taskId: other })).toEqual(['TaskCreated']);
    expect(await types({ taskId })).toContain('AgentStarted');
    expect(await types({ agentId })).not.toContain('TaskCreated');
    expect(await types({ stream: `task-${taskId}` })).toEqual(
      story.events.filter((event) => event.stream === `task-${taskId}`).map((event) => event.type),
    );
    expect(await types({ workflowId: one, types: ['PhaseStarted'] })).toEqual(['PhaseStarted']);
    expect(await types({ taskId: 'tsk_nothing' })).toEqual([]);
  });

  it('gives pages in both directions without gap or repeat', async () => {
    const { story, ask } = await given();
    const forwards = Object.values((await ask({ limit: 1000 })).rows).map((row) => row.position as string);
    expect(forwards).toEqual(story.events.map((event) => event.position.toString()));
    for (const direction of ['forwards', 'backwards'] as const) {
      const seen: string[] = [];
      let next: string | null | undefined;
      do {
        const bound = next === undefined ? {} : direction === 'forwards' ? { after: next } : { before: next };
        const { rows, summary } = await ask({ direction, limit: 4, ...bound });
        seen.push(...Object.values(rows).map((row) => row.position as string));
        next = summary.next as string | null;
      } while (next !== null);
      expect(seen).toEqual(direction === 'forwards' ? forwards : [...forwards].reverse());
    }
  });

  it('ends at the position asked for, between the bounds', async () => {
    const { ask, types } = await given();
    expect((await types({}, 2n)).length).toBe(2);
    const { rows } = await ask({ after: '2', before: '5', direction: 'backwards' });
    expect(Object.values(rows).map((row) => row.position)).toEqual(['4', '3']);
  });

  it('tells what the store recorded of hiding', async () => {
    const store = openMemoryStore();
    await store.setStreamMetadata('task-a', { maxCount: 3, maxAgeMs: 60_000 });
    await store.setStreamMetadata('task-a', {});
    await store.deleteStream('task-a', 'any');
    await store.tombstoneStream('task-a', 'any');
    const { rows } = await timelineView.query(store, timelineParams.parse({}), { position: 4n, asOf: 0 });
    expect(Object.values(rows).map((row) => row.text)).toEqual([
      'What hides events of the stream was set: maxCount 3, maxAgeMs 60000.',
      'What hides events of the stream was set: nothing.',
      'The stream was deleted: its events are hidden, and stay in the log.',
      'The stream was ended for good; its events stay in the log.',
    ]);
  });

  it('tells cause and correlation', async () => {
    const story = createStory();
    const cause = story.send('pause_fleet', { reason: 'x' })[0];
    story.send('resume_fleet', {}, { actor: 'process:x', causationId: cause?.id as string });
    const store = openMemoryStore();
    await tell(store, story.events);
    const { rows } = await timelineView.query(store, timelineParams.parse({}), { position: 2n, asOf: story.now() });
    expect(Object.values(rows).map((row) => row.cause)).toEqual([null, cause?.id]);
    expect(Object.values(rows)[0]).toMatchObject({ command: { name: 'pause_fleet' }, from: 'open', to: 'paused' });
  });
});
