import { leaseEndsAt, type RunnerFact } from '../machines/runner/index.ts';
import type { StoredEvent } from '../store/event-store.ts';
import { type Evidence, evidenceOf } from './evidence.ts';

/** What is known of a runner on a log that several servers share. */
export interface HeardRunner {
  runnerId: string;
  host: string;
  leaseMs: number;
  heardAt: number;
  /** Its server was stopped on purpose. */
  retired: boolean;
  evidence: Evidence;
}

export type HeardRunners = Map<string, HeardRunner>;

export function foldRunner(runners: HeardRunners, event: StoredEvent): void {
  if (!event.stream.startsWith('runner-')) return;
  const runnerId = event.stream.slice('runner-'.length);
  const fact = event as StoredEvent & RunnerFact;
  const known = runners.get(runnerId);
  const heard = { heardAt: event.at, evidence: evidenceOf(event) };
  switch (fact.type) {
    case 'RunnerRegistered': {
      const { host, leaseMs } = fact.data;
      runners.set(runnerId, { runnerId, host, leaseMs, retired: false, ...heard });
      return;
    }
    case 'LeaseRenewed':
      if (known) Object.assign(known, { leaseMs: fact.data.leaseMs, ...heard });
      return;
    case 'RunnerRetired':
      if (known) Object.assign(known, { retired: true, evidence: heard.evidence });
  }
}

/** Why nobody can say that the runner still works, in a sentence; null while its lease lasts, and where there is one runner only. */
export function whyGone(runnerId: string | null, runners: HeardRunners, asOf: number): string | null {
  if (runnerId === null) return null;
  const runner = runners.get(runnerId);
  if (!runner) return `Its runner ${runnerId} has never been heard of.`;
  if (leaseEndsAt(runner) > asOf) return null;
  const where = `Its runner ${runnerId} on ${runner.host}`;
  const silentMs = asOf - (runner.retired ? runner.evidence.at : runner.heardAt);
  return runner.retired
    ? `${where} was stopped ${words(silentMs)} ago.`
    : `${where} has not been heard of for ${words(silentMs)}.`;
}

function words(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 2) return `${Math.round(ms / 1000)} s`;
  return minutes < 120 ? `${Math.round(minutes)} min` : `${Math.round(minutes / 60)} h`;
}
