import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { describe, it } from 'vitest';
import { given, type Said } from '../../../tests/support/given.ts';
import { leaseEndsAt, runnerActor } from './index.ts';

const runnerId = 'rnr_1';
const register = (epoch: number): Said => ({
  name: 'register_runner',
  input: { runnerId, host: 'here', bootId: null, dataDirectory: '/data', epoch, leaseMs: 1000 },
});
const renew = (epoch: number): Said => ({ name: 'renew_lease', input: { runnerId, epoch, leaseMs: 2000 } });
const retire = (epoch: number): Said => ({ name: 'retire_runner', input: { runnerId, epoch } });

describe('a runner', () => {
  it('has a lease from its registration on, and a longer one with each renewal', () => {
    const registered = given(runnerActor).when(register(1)).thenFacts('RunnerRegistered');
    const { heardAt } = registered.state.context;
    strictEqual(leaseEndsAt(registered.state.context), heardAt + 1000);
    const renewed = registered.when(renew(1), { at: heardAt + 500 }).thenFacts('LeaseRenewed');
    strictEqual(renewed.state.context.leaseMs, 2000);
  });

  it('obeys the latest server on its data directory, and no earlier one', () => {
    const later = given(runnerActor).when(register(1)).next.when(register(2)).thenFacts('RunnerRegistered');
    later.when(renew(1)).thenRejected('runner.superseded', 'epoch 2 after 1');
    later.when(register(1)).thenRejected('runner.superseded');
    later.when(renew(2)).thenFacts('LeaseRenewed');
  });

  it('keeps what is left of its lease when its server is stopped, and serves again after a start', () => {
    const serving = given(runnerActor).when(register(1)).next;
    const retired = serving.when(retire(1)).thenFacts('RunnerRetired');
    strictEqual(leaseEndsAt(retired.state.context), leaseEndsAt(serving.state.context));
    retired.when(retire(1)).thenNothing();
    retired.when(renew(1)).thenRejected('runner.out_of_order');
    const again = retired.when(register(2)).thenFacts('RunnerRegistered');
    deepStrictEqual([again.state.value, again.state.context.retiredAt], ['serving', null]);
  });

  it('takes no renewal from a server that has not registered', () => {
    given(runnerActor).when(renew(1)).thenRejected('runner.out_of_order');
  });
});
