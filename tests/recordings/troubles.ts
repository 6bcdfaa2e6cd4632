import type { EventStore } from '../../src/store/event-store.ts';
import type { FakeSession } from '../support/fake-runner.ts';
import { diligent, type Speak, START, startSystem } from '../support/system.ts';

const QUICK = { 'limits.backoffMs': 0, 'limits.exitGraceMs': 0, 'limits.stopGraceMs': 0 };

/** A log in which nearly everything goes wrong once, and the first goal is reached all the same. */
export async function troubles(): Promise<EventStore> {
  const tries = new Map<string, number>();
  let mood: 'clumsy' | 'idle' = 'clumsy';

  async function agent(session: FakeSession, speak: Speak): Promise<void> {
    if (mood === 'idle') return;
    const { prompt, taskId } = session.start;
    const nth = (tries.get(taskId) ?? 0) + 1;
    tries.set(taskId, nth);
    if (prompt.includes('phase investigate')) {
      await speak('report_progress', { taskId, message: 'Looking around', fraction: 0.2 });
      return nth === 1 ? session.exit(1) : diligent(session, speak);
    }
    // The first answer breaks something else, which validation finds.
    if (nth === 1) {
      session.add('broken:fine');
      await speak('update_task_status', { taskId, status: 'done', summary: 'hardly' });
      return session.exit(0);
    }
    session.fix('broken:fine');
    await speak('report_usage', { taskId, inputTokens: 1200, outputTokens: 300, costUsd: 0.01, wallMs: 900 });
    return diligent(session, speak);
  }

  const system = await startSystem({ agent, settings: QUICK, conflicts: [['one', 'two']] });
  await system.operator('set_config', { changes: { 'fleet.cap': 2 } });
  await system.operator('pause_fleet', { reason: 'before work begins' });
  const first = await system.operator('start_workflow', START);
  const ofFirst = (event: { meta: { scope?: { workflowId?: string } } }) =>
    event.meta.scope?.workflowId === first.actorId;
  await system.operator('pause_workflow', { workflowId: first.actorId, reason: 'to look at it' });
  await system.operator('resume_workflow', { workflowId: first.actorId });
  const queued = await system.until('TaskQueued', ofFirst);
  await system.operator('boost_task', { taskId: queued.meta.scope?.taskId });
  await system.operator('resume_fleet', {});
  await Promise.race(['WorkflowCompleted', 'WorkflowFailed'].map((type) => system.until(type, ofFirst)));

  mood = 'idle';
  const second = await system.operator('start_workflow', { ...START, goal: 'Something else', merge: false });
  const idle = await system.until('TaskStarted', (event) => event.meta.scope?.workflowId === second.actorId);
  const taskId = idle.meta.scope?.taskId as string;
  await system.operator('cancel_task', { taskId, reason: 'done by hand' });
  await system.until('TaskCancelled', (event) => event.stream === `task-${taskId}`);
  await system.until('WorkflowFailed', (event) => event.stream === second.stream);

  const third = await system.operator('start_workflow', { ...START, goal: 'A third thing' });
  const begun = await system.until('AgentStarted', (event) => event.meta.scope?.workflowId === third.actorId);
  system.runner.lose(begun.stream.slice('agent-'.length));
  await system.until('AgentLost', (event) => event.stream === begun.stream);
  await system.until(
    'AgentStarted',
    (event) => event.meta.scope?.workflowId === third.actorId && event.stream !== begun.stream,
  );
  await system.operator('cancel_workflow', { workflowId: third.actorId, reason: 'enough' });
  await system.operator('stop_all', { reason: 'the end' });
  await system.stop(1000);
  return system.store;
}
