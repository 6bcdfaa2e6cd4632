/** Why something open does not run, in two or three words; the view's own `text` is the sentence. By the reason's code. */
const REASONS: Readonly<Record<string, string>> = {
  agent_stopped: 'agent stopped',
  backoff: 'backing off',
  being_queued: 'being queued',
  depends_on: 'waits for another task',
  fleet_paused: 'fleet paused',
  fleet_stopped: 'fleet stopped',
  merge: 'waits to be merged',
  needs_work: 'sent back',
  no_slot: 'no free slot',
  no_slot_for_agent: 'no free slot for its agent',
  phase_not_started: 'phase not started',
  runner_gone: 'its server is gone',
  starting: 'about to start',
  validation: 'in validation',
  workflow_ended: 'workflow ended',
  workflow_paused: 'workflow paused',
};

/** A code that is not in the table is said as it is written, with spaces. */
export function reasonWord(code: string): string {
  return Object.hasOwn(REASONS, code) ? (REASONS[code] as string) : code.replaceAll('_', ' ');
}
