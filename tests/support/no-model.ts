import { Fault } from '../../src/kernel/errors.ts';
import type { Model } from '../../src/runtime/models/model.ts';

/** There is none, and who asks it nevertheless is told so. */
export const noModel: Model = {
  async ask() {
    throw new Fault('model.refused', 'There is no model here.', { retryable: false });
  },
  state: () => ({ status: 'ok', detail: 'none is configured' }),
};
