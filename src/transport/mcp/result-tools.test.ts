import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, type HttpWorld, openHttpWorld, RUN_TIP } from '../../../tests/support/http-world.ts';
import { taskSpec } from '../../../tests/support/examples.ts';
import { SERVER } from '../../commands/index.ts';

const REVIEW = 'tsk_review';
const CRITERIA = ['All is green.', 'The manual tells of it.'];
let world: HttpWorld;
/** The task of the one agent that there is. */
let own: string | null = null;

beforeAll(async () => {
  world = await openHttpWorld({
    allowedTools: ['submit_result', 'submit_result_validation'],
    result: { criteria: CRITERIA, submitted_by: 'agents' },
    tokens: (known) => ({
      ...known,
      agentByTokenHash(hash) {
        const agent = known.agentByTokenHash(hash);
        return agent && { ...agent, taskId: own ?? agent.taskId };
      },
    }),
  });
});
afterAll(() => world.close());

async function call(name: string, input: object) {
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: input } };
  const { json } = await world.post('/mcp', message, as(world.agentToken));
  const { result } = json as unknown as { result: { isError?: boolean; structuredContent: Record<string, unknown> } };
  return { failed: result.isError === true, said: result.structuredContent };
}
const eventsOf = async (type: string) => (await world.events()).filter((event) => event.type === type);

describe('submit_result', () => {
  it('refuses a commit that is not the tip of the run’s branch, and records nothing', async () => {
    const { failed, said } = await call('submit_result', { summary: 'Done.', commit: 'f'.repeat(40) });
    expect([failed, said.code]).toEqual([true, 'result.not_on_branch']);
    expect(await eventsOf('ResultSubmitted')).toEqual([]);
  });

  it('submits what is on the branch, in the agent’s own name and for its own run', async () => {
    const { failed, said } = await call('submit_result', { summary: 'Done.', outputs: { pages: 3 } });
    expect([failed, said.id]).toEqual([false, world.workflowId]);
    const [submitted, ...more] = await eventsOf('ResultSubmitted');
    expect(more).toEqual([]);
    expect(submitted).toMatchObject({
      stream: `workflow-${world.workflowId}`,
      data: { submission: 1, summary: 'Done.', outputs: { pages: 3 }, commit: RUN_TIP, taskId: world.taskId },
      meta: { actor: `agent:${world.agentId}` },
    });
    expect((await call('submit_result', { summary: 'And more.' })).said.code).toBe('result.pending');
  });
});

describe('submit_result_validation', () => {
  const answers = CRITERIA.map((_text, at) => ({ criterion: at + 1, verdict: 'pass', evidence: `docs/a.md:${at}` }));

  it('is nothing for the task that does the work', async () => {
    const { said } = await call('submit_result_validation', { criteria: answers });
    expect(said.code).toBe('task.wrong_outcome');
  });

  it('answers the criteria of the agent’s own review, whole and once, and ends it', async () => {
    const send = (name: string, input: unknown) => world.bus.execute({ name, input, principal: SERVER });
    const review = { taskId: null, attempt: 1, commit: RUN_TIP, submission: 1, criteria: CRITERIA };
    await send('create_review', taskSpec({ taskId: REVIEW, workflowId: world.workflowId, review }));
    await send('assign_task', { taskId: REVIEW, agentId: world.agentId, attempt: 1 });
    own = REVIEW;
    expect((await call('submit_result_validation', { criteria: answers.slice(1) })).said.code).toBe(
      'result.criteria_unanswered',
    );
    expect((await call('submit_result_validation', { taskId: world.taskId, criteria: answers })).said.code).toBe(
      'auth.not_yours',
    );
    expect(await eventsOf('ResultValidationGiven')).toEqual([]);
    const { failed, said } = await call('submit_result_validation', { criteria: answers, feedback: 'Well done.' });
    expect([failed, said.id, said.state]).toEqual([false, REVIEW, 'done']);
    expect(await eventsOf('ResultValidationGiven')).toMatchObject([
      { stream: `task-${REVIEW}`, data: { criteria: answers, feedback: 'Well done.', by: `agent:${world.agentId}` } },
    ]);
  });
});
