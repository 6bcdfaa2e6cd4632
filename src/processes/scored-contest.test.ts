import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { expect, test } from 'vitest';
import { replay } from '../actors/replay.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { openMemoryStore } from '../store/adapters/memory.ts';
import type { FakeSession } from '../../tests/support/fake-runner.ts';
import { createLine, type Speak, startSystem, type TestSystemOptions } from '../../tests/support/system.ts';

const QUICK = { 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 };
const variantOf = ({ start }: FakeSession) => Number(/\(variant (\d+)\)/.exec(start.prompt)?.[1]);
const START = { n: 3, repository: '/repo', goal: 'Make the tests pass', agents: ['repair'] };

/** All mend what the tests see; variant 0 has a mistake that only the new test of variant 1 asks for. */
async function agent(session: FakeSession, speak: Speak): Promise<void> {
  session.fix('one', 'two');
  const left = [['hidden:edge'], ['asks:hidden:edge'], ['untested:2']][variantOf(session)] ?? [];
  session.add(...left);
  await speak('update_task_status', { taskId: session.start.taskId, status: 'done', summary: 'mended' });
  session.exit(0);
}

const open = (options: TestSystemOptions = {}) => startSystem({ agent, settings: QUICK, ...options });

test('a best-of-3 is judged by the candidates’ own new tests, merged, and judged again without an agent', async () => {
  const system = await open();
  const { stream } = await system.operator('start_best_of_n', { ...START, score: 'tests=1,agreement=2' });
  const end = await Promise.race([system.until('WorkflowCompleted'), system.until('WorkflowFailed')]);
  strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
  deepStrictEqual(system.runner.userBase(), ['untested:2']);
  const agents = (await system.events('AgentRequested')).length;
  await system.until('BestOfNCompleted');
  const bestOfNId = stream.slice('bestOfN-'.length);
  await system.operator('rescore_best_of_n', { bestOfNId, score: 'survival=1' });
  const { data } = await system.until('VerdictReached');
  expect(data).toMatchObject({ verdict: 2, winner: 0, differs: true });
  strictEqual((await system.events('AgentRequested')).length, agents);
  await system.stop(1000);
  strictEqual((await replay(system.store)).difference, null);
});

test('a crash after any event of it leads to the same winner', async () => {
  const score = 'tests=1,agreement=2';
  const whole = await open();
  await whole.operator('start_best_of_n', { ...START, score }, 'start');
  await whole.until('WorkflowCompleted');
  await whole.stop(1000);
  const [scored] = await whole.events('CandidateScored');
  const length = (await whole.events()).length;
  for (let at = Number(scored?.position) - 4; at < length; at += 1) {
    const [store, blobs, line] = [openMemoryStore(), createMemoryBlobs(), createLine()];
    const first = await open({ store, blobs, line });
    const seen = (async () => {
      for await (const item of store.subscribe())
        if (item.kind === 'events' && item.events.some((event) => event.position >= BigInt(at))) return;
    })();
    await first.operator('start_best_of_n', { ...START, score }, 'start');
    await seen;
    await first.stop(0);
    const second = await startSystem({ store, blobs, line, runner: first.runner });
    await second.until('WorkflowCompleted');
    deepStrictEqual(second.runner.userBase(), ['untested:2'], `crash after event ${at}`);
    strictEqual((await second.events('CandidateScored')).length, 3, `crash after event ${at}`);
    await second.stop(1000);
  }
});
