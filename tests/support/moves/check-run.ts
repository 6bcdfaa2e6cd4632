import { move, pick } from './move.ts';

const checked = (status: string) => ({
  name: 'test',
  status,
  cached: false,
  why: 'because',
  key: null,
  durationMs: 1,
  attempts: 1,
  exitCode: 0,
  tests: null,
  tail: '',
});
export const checkRun = move('record_check_run', {
  runId: 'chk_01k8zj3q0v5e8w2r7t9y4m6n1p',
  repositoryId: 'rep_1',
  folder: '/repos/library',
  source: 'checks.yaml',
  state: pick('passed', 'failed', 'skipped', 'cancelled'),
  startedAt: 1,
  durationMs: 1,
  savedMs: 0,
  checks: pick([checked('passed')], [checked('failed')], [checked('passed'), checked('passed')], []),
});
