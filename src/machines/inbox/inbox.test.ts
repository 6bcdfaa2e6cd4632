import { expect, it } from 'vitest';
import { given } from '../../../tests/support/given.ts';
import { inboxActor } from './index.ts';

const matterId = (n: number) => `run_failed:evt_${String(n).padStart(26, '0')}`;
const dismiss = (n: number) => ({ name: 'dismiss_matter', input: { matterId: matterId(n) }, actor: 'operator' });

it('records what was put aside, once', () => {
  given(inboxActor)
    .when(dismiss(1))
    .thenFacts({ type: 'MatterDismissed', data: { matterId: matterId(1), by: 'operator' } })
    .when(dismiss(1))
    .thenNothing();
});

it('remembers a bounded number', () => {
  const one = given(inboxActor).when(dismiss(1)).next;
  let all = one;
  for (let n = 2; n <= 1_001; n++) all = all.when(dismiss(n)).next;
  expect(all.state.context.dismissed).toHaveLength(1_000);
  all.when(dismiss(2)).thenNothing();
  all.when(dismiss(1)).thenFacts('MatterDismissed');
});
