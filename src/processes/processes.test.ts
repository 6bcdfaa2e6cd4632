import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { test } from 'vitest';
import { START, startSystem } from '../../tests/support/system.ts';

test('carries a goal from prompt to merge', async () => {
  const system = await startSystem();
  await system.operator('start_workflow', START);
  const end = await Promise.race([system.until('WorkflowCompleted'), system.until('WorkflowFailed')]);
  strictEqual(end.type, 'WorkflowCompleted', JSON.stringify(end.data));
  deepStrictEqual(system.runner.userBase(), []);
  strictEqual((await system.events('TaskMerged')).length, 2);
  await system.stop(1000);
});
