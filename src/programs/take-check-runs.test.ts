import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startSystem } from '../../tests/support/system.ts';
import { fileRunStore } from '../checks/adapters/run-store.ts';
import type { CheckRun } from '../checks/index.ts';
import { silentLog } from '../kernel/log.ts';
import { takeCheckRuns } from './take-check-runs.ts';

const RUN: CheckRun = {
  runId: 'chk_01k8zj3q0v5e8w2r7t9y4m6n1p',
  repositoryId: 'rep_library',
  folder: '/repos/library',
  source: 'checks.yaml',
  state: 'skipped',
  startedAt: 1,
  durationMs: 20,
  savedMs: 900,
  head: null,
  clean: null,
  checks: [],
  fixes: [],
  webhook: null,
};

test('runs that ended without a server are recorded once, and a damaged one is passed over', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'heph-runs-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const folder = join(directory, 'checked', 'rep_library');
  const runs = fileRunStore(folder);
  await runs.markUnsent({ ...RUN, runId: 'chk_damaged', checks: null as never });
  await runs.markUnsent(RUN);
  const system = await startSystem();

  await takeCheckRuns(directory, system.bus, silentLog);
  expect((await system.events('CheckRunSkipped')).map(({ stream }) => stream)).toEqual([`checkRun-${RUN.runId}`]);
  expect(existsSync(join(folder, 'unsent', `${RUN.runId}.json`))).toBe(false);

  await runs.markUnsent(RUN);
  await takeCheckRuns(directory, system.bus, silentLog);
  expect(await system.events('CheckRunSkipped')).toHaveLength(1);
  await system.stop(1000);
});
