import { afterEach, describe, expect, it } from 'vitest';
import { bugfix } from '../../tests/support/bugfix-story.ts';
import { createStory, tell } from '../../tests/support/story.ts';
import { HephError } from '../kernel/errors.ts';
import { OPERATOR } from '../commands/index.ts';
import type { Principal } from '../kernel/principal.ts';
import type { DiffRequest } from '../runtime/change/diff.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import { askQuery, createIdIndex, QUERIES, type QueryContext } from './index.ts';

const BASE = 'b'.repeat(40);
const KEPT = 'c'.repeat(40);
const FILE = {
  ...{
    path: 'a.js',
    oldPath: null,
    status: 'modified',
    oldMode: '100644',
    newMode: '100644',
    oldBytes: 1,
    newBytes: 1,
  },
  ...{ additions: 2, deletions: 1, binary: false, patch: '@@', omitted: null, truncated: false },
} as const;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function given() {
  const story = createStory();
  const steps = bugfix(story);
  const workflowId = steps.start();
  steps.phase(workflowId, 'fix');
  const taskId = steps.task(workflowId);
  steps.queue(taskId);
  const asked: DiffRequest[] = [];
  const missing = new Set<string | null>();
  const ask = async (input: object = {}, principal: Principal = OPERATOR) => {
    const store = openMemoryStore();
    open.push(store);
    await tell(store, story.events);
    const context = {
      ...{ principal, store, ids: createIdIndex(store) },
      work: {
        id: 'local',
        readDiff: async (request: DiffRequest) => {
          asked.push(request);
          if (missing.has(request.to))
            throw new HephError(request.to === null ? 'worktree.failed' : 'diff.not_kept', 'It is gone.');
          const { from, to } = request;
          return { from: from ?? 'parent', to: to ?? 'tree', files: [FILE], filesMore: 0 };
        },
      },
    } as unknown as QueryContext;
    const definition = QUERIES.get('get_task_diff');
    if (!definition) throw new Error('no query');
    return askQuery('get_task_diff', definition, { taskId, ...input }, context);
  };
  return { story, ...steps, workflowId, taskId, ask, asked, missing };
}

describe('the diff of a task', () => {
  it('says why there is nothing before an agent has begun, and while its worktree is made', async () => {
    const { ask, asked, story, taskId, workflowId } = await given();
    expect(await ask()).toMatchObject({ files: [], live: false, reason: 'No agent has begun with it.' });
    const agentId = story.id('agt');
    story.send('grant_slot', { agentId, taskId, workflowId, agent: 'repair', attempt: 1 });
    story.send('assign_task', { taskId, agentId, attempt: 1 });
    expect(await ask()).toMatchObject({ files: [], reason: 'Its worktree is not ready yet.' });
    expect(asked).toEqual([]);
  });

  it('compares the living worktree with its base while the agent works', async () => {
    const { ask, asked, work, taskId } = await given();
    work(taskId);
    expect(await ask()).toMatchObject({
      ...{ taskId, live: true, since: 'base', reason: null, additions: 2, deletions: 1, filesMore: 0 },
      ...{ from: { kind: 'base', id: BASE }, to: { kind: 'worktree', turn: 1, id: 'tree' }, files: [FILE] },
    });
    expect(asked).toEqual([{ taskId, repositoryId: 'rep_one', from: BASE, to: null, base: BASE, patches: true }]);
  });

  it('compares with the turn before when only what is new is asked for', async () => {
    const { ask, asked, story, work, taskId, keep, exit } = await given();
    const first = work(taskId);
    story.send('update_task_status', { taskId, status: 'done', summary: 's' }, { actor: `agent:${first}` });
    exit(first);
    keep(taskId);
    expect(await ask({ since: 'last_turn' })).toMatchObject({
      ...{ live: false, from: { kind: 'base', id: BASE }, to: { kind: 'turn', turn: 1, id: KEPT } },
    });
    story.send('fail_validation', { taskId, attempt: 1, check: null, code: 'check.red', feedback: 'Red.' });
    story.send('queue_task', { taskId, because: 'it is to be mended' });
    work(taskId);
    expect(await ask({ since: 'last_turn', stat: true })).toMatchObject({
      ...{ live: true, from: { kind: 'turn', turn: 1, id: KEPT }, to: { kind: 'worktree', turn: 2 } },
      turns: [{ turn: 1, commit: KEPT, base: BASE, changed: true }],
    });
    expect(asked.at(-1)).toMatchObject({ from: KEPT, to: null, patches: false });
    expect(await ask({ turn: 1, path: 'a.js' })).toMatchObject({ live: false, to: { kind: 'turn', turn: 1 } });
    expect(asked.at(-1)).toMatchObject({ from: BASE, to: KEPT, path: 'a.js' });
    expect(await ask({ turn: 7 })).toMatchObject({ files: [], reason: 'Turn 7 kept nothing; kept are 1.' });
  });

  it('shows what was merged when the kept turn has been pruned', async () => {
    const { ask, missing, work, taskId, finish, board, land, workflowId } = await given();
    finish(taskId, work(taskId));
    const { trainId, candidateId } = board(workflowId, taskId);
    land(trainId, candidateId, taskId);
    expect(await ask()).toMatchObject({ live: false, to: { kind: 'turn', id: KEPT } });
    missing.add(KEPT);
    expect(await ask()).toMatchObject({
      ...{ from: { kind: 'parent', id: 'parent' }, to: { kind: 'merged', id: 'e'.repeat(40) }, files: [FILE] },
    });
    missing.add('e'.repeat(40));
    expect(await ask()).toMatchObject({ files: [], reason: 'It is gone.' });
  });

  it('says that the worktree is gone, or where it is', async () => {
    const { ask, missing, story, taskId, work } = await given();
    work(taskId);
    missing.add(null);
    expect(await ask()).toMatchObject({ files: [], reason: 'It is gone.' });
    for (const event of story.events) if (event.type === 'AgentRequested') event.data.runnerId = 'elsewhere';
    expect(await ask()).toMatchObject({ code: 'agent.elsewhere' });
  });

  it('shows the past as it was kept, and not what lay in the worktree', async () => {
    const { ask, asked, story, taskId, work, finish } = await given();
    const agentId = work(taskId);
    const at = String(story.events.length);
    finish(taskId, agentId);
    expect(await ask({ at })).toMatchObject({ files: [], reason: expect.stringContaining('not recorded') });
    expect(asked).toEqual([]);
    expect(await ask({ at: String(story.events.length) })).toMatchObject({ to: { kind: 'turn', turn: 1 } });
  });

  it('is given to an agent for its own task only', async () => {
    const { ask, work, taskId, task, workflowId } = await given();
    const agentId = work(taskId);
    const own: Principal = {
      role: 'worker',
      id: `agent:${agentId}`,
      agent: { agentId, taskId, workflowId, allowedTools: [] },
    };
    expect(await ask({}, own)).toMatchObject({ live: true });
    expect(await ask({ taskId: task(workflowId) }, own)).toMatchObject({ code: 'auth.not_yours' });
    expect(await ask({ taskId: 'tsk_01k00000000000000000000000' })).toMatchObject({ code: 'id.unknown' });
  });
});
