import type { Measured } from '../../src/machines/guardian/index.ts';

/** An agent of which nothing odd was seen, but for what differs. */
export function measured(differs: Partial<Measured> = {}): Measured {
  return {
    silence: { silentMs: 0, promisedMs: 300_000, activity: 'working', running: null, busy: 0.1 },
    repeated_errors: { times: 0, error: null, fresh: false },
    outside_scope: { unknown: 'Its phase sets no bounds to what may be changed.' },
    loops: { times: 1, action: null, stale: 0 },
    budget: { parts: [{ what: 'time', used: 60_000, limit: 1_800_000 }] },
    regression: { unknown: 'No verdict on its task’s work has counted tests yet.' },
    ...differs,
  };
}
