import type { AgentSignals } from './agent-sessions.ts';
import { type Process, settled } from './define-process.ts';

/** A look takes milliseconds and is repeated when it fails; so long is for a machine in distress. */
const REUNION_MS = 25_000;

/**
 * An agent that lived when the last server ended is looked for as soon as the next one starts: it is found again, or its
 * end is recorded. When neither has come about by the limit, that is recorded: its status says that nobody knows, and
 * since when, instead of what was true before. The search goes on, and so do the deadlines of its task. It is a story of
 * its own so that no look that hangs can hold it up.
 */
export const reunions = (signals: AgentSignals): Process => ({
  name: 'reunions',
  concurrency: () => 8,
  obligations({ kind, id, value }) {
    const since = kind === 'agent' ? signals.unmet.get(id) : undefined;
    if (since === undefined || !value.startsWith('live.')) return [];
    return [
      {
        key: `unmet:${id}:${since}`,
        notBefore: since + REUNION_MS,
        async act({ send }) {
          if (!signals.unmet.has(id)) return;
          const evidence = `The server was started ${REUNION_MS / 1000} s ago and could not find out since whether it lives.`;
          await settled(send('record_activity', { agentId: id, activity: 'no_signal', evidence }));
          signals.unmet.delete(id);
        },
      },
    ];
  },
});
