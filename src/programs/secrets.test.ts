import { expect, it } from 'vitest';
import { secretsOf } from './secrets.ts';

it('takes the values of variables that are secret by their names', () => {
  const environment = {
    OPENAI_API_KEY: 'sk-123456789',
    MY_PASSWORD: 'hunter2-and-more',
    EDITOR: 'something',
    SHORT_KEY: '1',
  };
  expect(secretsOf(environment)).toEqual(['sk-123456789', 'hunter2-and-more']);
});

it('takes no setting, whatever it is called: settings are recorded', () => {
  const settings = { HEPH_BUDGETS_TOKENS_MAX: '10000000', HEPH_MODEL_KEY_VARIABLE: 'OPENAI_API_KEY' };
  expect(secretsOf(settings)).toEqual([]);
});
