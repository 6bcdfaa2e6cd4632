import { expect, it } from 'vitest';
import { given } from '../../../tests/support/given.ts';
import { checkRunActor } from './index.ts';

const RUN_ID = 'chk_01k8zj3q0v5e8w2r7t9y4m6n1p';
const checked = (name: string, status: string) => ({
  name,
  status,
  cached: false,
  why: 'it ended with exit code 1',
  key: null,
  durationMs: 900,
  attempts: 1,
  exitCode: 1,
  tests: { passed: 3, failed: 1, skipped: 0, newlyFailing: ['a.test.js > two'] },
  tail: '',
});
const record = (state: string, ...checks: unknown[]) => ({
  name: 'record_check_run',
  actor: 'operator',
  input: {
    runId: RUN_ID,
    repositoryId: 'rep_library',
    folder: '/repos/library',
    source: 'checks.yaml',
    state,
    startedAt: 1,
    durationMs: 900,
    savedMs: 0,
    checks,
  },
});

it.each(['passed', 'failed', 'cancelled'])('records a run that %s, from its plan to its end', (state) => {
  const after = given(checkRunActor)
    .when(record(state, checked('lint', 'passed'), checked('test', state)))
    .thenFacts('CheckRunPlanned', 'CheckRunStarted', `CheckRun${state[0]?.toUpperCase()}${state.slice(1)}`);
  expect(after.state.value).toBe(state);
  expect(after.state.context.ended).toEqual({ lint: 'passed', test: state });
});

it('records a run in which nothing had to run as skipped, without a start', () => {
  given(checkRunActor)
    .when(record('skipped', checked('lint', 'passed')))
    .thenFacts('CheckRunPlanned', 'CheckRunSkipped');
});

it('records a run once', () => {
  const passed = given(checkRunActor).when(record('passed', checked('lint', 'passed'))).next;
  passed.when(record('passed', checked('lint', 'passed'))).thenNothing();
  passed.when(record('failed', checked('lint', 'failed'))).thenNothing();
});

it('refuses a run that contradicts its checks', () => {
  given(checkRunActor)
    .when(record('passed', checked('lint', 'failed')))
    .thenRejected('check.bad_run', '1 of its checks failed');
  given(checkRunActor)
    .when(record('failed', checked('lint', 'passed')))
    .thenRejected('check.bad_run');
  given(checkRunActor)
    .when(record('passed', checked('lint', 'passed'), checked('lint', 'passed')))
    .thenRejected('check.bad_run', 'twice');
});
