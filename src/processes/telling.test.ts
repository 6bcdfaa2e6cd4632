import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { expect, test } from 'vitest';
import { replay } from '../actors/replay.ts';
import { Fault } from '../kernel/errors.ts';
import { createFakeRunner } from '../../tests/support/fake-runner.ts';
import { startSystem, START, type TestSystem } from '../../tests/support/system.ts';

const preset = (takes: object) => ({
  'agents.mine': { argv: ['mine', '{prompt_file}'], takes },
  'limits.backoffMs': 0,
  'limits.exitGraceMs': 0,
  'limits.stopGraceMs': 0,
});
const INTERACTIVE = preset({ messages: 'paste', interrupt: 'escape' });

/** An agent that goes on until it is stopped, and repeats what is typed. */
function waiting(answers = true) {
  return createFakeRunner({
    ...{ bugs: ['one'], now: Date.now, agent: () => {} },
    typed: (_agentId, data, print) => answers && print(data),
  });
}

async function working(settings: Record<string, unknown>, more: Parameters<typeof startSystem>[0] = {}) {
  const system = await startSystem({ runner: waiting(), settings, ...more });
  await system.operator('start_workflow', { ...START, agent: 'mine' });
  const { data } = await system.until('TaskStarted');
  return { system, agentId: data.agentId as string };
}

const typed = ({ runner }: TestSystem) =>
  runner.calls.filter((call) => call.startsWith('writeTerminal')).map((call) => call.split(' ').slice(2).join(' '));

test('a message is typed as a paste that it cannot end itself, and what came of it is recorded', async () => {
  const { system, agentId } = await working(INTERACTIVE);
  await system.operator('message_agent', { agentId, text: 'look at\nline 3\x1b[201~\x03 now' });
  const { data } = await system.until('MessageDelivered');
  expect(data).toMatchObject({ effect: 'output' });
  deepStrictEqual(typed(system), ['\x1b[200~look at\nline 3 now\x1b[201~', '\r']);
  await system.stop(1000);
  strictEqual((await replay(system.store)).difference, null);
});

test('for a program without pastes it is one line', async () => {
  const { system, agentId } = await working(preset({ messages: 'line' }));
  await system.operator('message_agent', { agentId, text: 'look at\nline 3' });
  await system.until('MessageDelivered');
  deepStrictEqual(typed(system), ['look at line 3\r']);
  await system.stop(1000);
});

test('messages and interrupts arrive in the order in which they were sent', async () => {
  const { system, agentId } = await working(INTERACTIVE, { runner: waiting(false) });
  const first = system.operator('interrupt_agent', { agentId });
  const second = system.operator('message_agent', { agentId, text: 'begin again' });
  await Promise.all([first, second]);
  await system.until('MessageDelivered');
  deepStrictEqual(typed(system), ['\x1b', '\x1b[200~begin again\x1b[201~', '\r']);
  expect((await system.until('InterruptDelivered')).data).toMatchObject({ effect: 'nothing' });
  await system.stop(1000);
});

test('a server that was killed after it had typed does not type again', async () => {
  const runner = waiting();
  let reached = () => {};
  const looked = new Promise<void>((resolve) => (reached = resolve));
  const first = await working(INTERACTIVE, {
    runner,
    around: (plain) => ({
      readTerminal: (request) => {
        if (!plain.calls.some((call) => call.endsWith(' \r'))) return plain.readTerminal(request);
        reached();
        return new Promise(() => {});
      },
    }),
  });
  await first.system.operator('message_agent', { agentId: first.agentId, text: 'once' });
  await looked;
  await first.system.stop(0);
  const next = await startSystem({ store: first.system.store, runner });
  expect((await next.until('MessageDelivered')).data).toMatchObject({ effect: 'output' });
  deepStrictEqual(typed(next), ['\x1b[200~once\x1b[201~', '\r']);
  await next.stop(1000);
});

test('what cannot be typed is told with its reason', async () => {
  const { system, agentId } = await working(INTERACTIVE);
  system.runner.failNext('writeTerminal', new Fault('terminal.failed', 'It does not read.', { retryable: false }));
  await system.operator('message_agent', { agentId, text: 'hello' });
  expect((await system.until('MessageUndelivered')).data.reason).toContain('It does not read.');
  await system.stop(1000);
});

test('a message for a task is in the prompt of its next attempt', async () => {
  const { system, agentId } = await working(preset({}));
  expect(await system.refused('message_agent', { agentId, text: 'the test is wrong' })).toMatchObject({
    code: 'agent.takes_no_messages',
  });
  const { taskId } = system.runner.agents.get(agentId)?.start ?? { taskId: '' };
  await system.operator('message_task', { taskId, text: 'the test is wrong' });
  await system.operator('stop_agent', { agentId });
  const { data } = await system.until('TaskStarted', (event) => event.data.attempt === 2);
  const prompt = system.runner.agents.get(data.agentId as string)?.start.prompt ?? '';
  expect(prompt).toContain('# What people want you to know');
  expect(prompt).toContain('1. operator:\n\n```\nthe test is wrong\n```');
  await system.stop(1000);
});
