import { type BestOfN, type BestOfNFact, bestOfNActor } from '../../machines/best-of-n/index.ts';
import type { EventStore, StoredEvent } from '../../store/event-store.ts';
import type { Moment } from '../define-projection.ts';
import { type Evidence, evidenceOf } from '../evidence.ts';

/** One best-of-N, by the actor's own reducer, with the event that each status rests on. */
export interface OneBestOfN {
  bestOfNId: string;
  actor: BestOfN;
  status: string;
  startedBy: string;
  evidence: Evidence | null;
  /** By index: the last event that said something of the candidate. */
  candidates: Map<number, Evidence>;
}

/** As it stood at that moment; null when it was not there yet. */
export async function readBestOfN(
  store: EventStore,
  bestOfNId: string,
  { position }: Moment,
): Promise<OneBestOfN | null> {
  const stream = `bestOfN-${bestOfNId}`;
  const one: OneBestOfN = {
    bestOfNId,
    actor: bestOfNActor.initial(),
    status: 'absent',
    startedBy: '',
    evidence: null,
    candidates: new Map(),
  };
  // The store takes the name for a prefix.
  for await (const event of store.readAll({ filter: { streamPrefixes: [stream] }, until: position }))
    if (event.stream === stream && event.type in bestOfNActor.facts) fold(one, event as StoredEvent & BestOfNFact);
  return one.status === 'absent' ? null : one;
}

function fold(one: OneBestOfN, event: StoredEvent & BestOfNFact): void {
  one.actor = bestOfNActor.evolve(one.actor, event, event.at);
  if (event.type === 'BestOfNStarted') one.startedBy = event.data.startedBy;
  const { index } = event.data as { index?: number };
  if (index !== undefined) one.candidates.set(index, evidenceOf(event));
  const status = event.meta.to ?? one.status;
  if (status !== one.status) one.evidence = evidenceOf(event);
  one.status = status;
}
