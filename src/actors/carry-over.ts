import { Conflict, HephError } from '../kernel/errors.ts';
import { deriveId } from '../kernel/ids.ts';
import { actorStreamOf, carriedFrom, generationOf, generationStream } from '../machines/carry-over.ts';
import type { ActorKind, Fact } from '../machines/define-actor.ts';
import { prepareRows } from '../store/append-rules.ts';
import type { EventStore, NewEvent } from '../store/event-store.ts';
import { carriedBy, type Folded } from './fold.ts';

/**
 * Where an actor lives now. Generations begin one after the other, so the newest is found by doubling and halving: one
 * look for an actor that has never carried over, about twenty at the five-hundredth stream.
 */
export async function newestStream(store: EventStore, actorStream: string): Promise<string> {
  const isBegun = async (generation: number) => {
    const read = store.readStream(generationStream(actorStream, generation), { limit: 1 });
    for await (const _first of read) return true;
    return false;
  };
  let begun = 1;
  let absent = 2;
  while (await isBegun(absent)) [begun, absent] = [absent, absent * 2];
  while (absent - begun > 1) {
    const middle = (begun + absent) >> 1;
    if (await isBegun(middle)) begun = middle;
    else absent = middle;
  }
  return generationStream(actorStream, begun);
}

/**
 * Closes the stream that was folded and begins the next one with its state. Broken off between the two, it is finished by
 * whoever does it again: what is begun follows from what is closed. When somebody else was faster, nothing is written.
 * Answers false, and nothing is written, when the state is too large for an event: the actor goes on where it is.
 */
export async function carryOver(
  store: EventStore,
  kind: ActorKind<unknown, Fact>,
  folded: Folded,
  at: number,
): Promise<boolean> {
  const actorStream = actorStreamOf(folded.stream);
  const to = folded.successor ?? generationStream(actorStream, generationOf(folded.stream) + 1);
  const [closing, beginning] = eventsOf(kind, folded, to, at);
  try {
    prepareRows(to, [beginning]);
  } catch (error) {
    if (error instanceof HephError && error.code === 'log.event_too_large') return false;
    throw error;
  }
  try {
    if (folded.successor === null) await store.append(folded.stream, folded.state.revision, [closing]);
    await store.append(to, 'no_stream', [beginning]);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
  return true;
}

function eventsOf(kind: ActorKind<unknown, Fact>, folded: Folded, to: string, at: number): [NewEvent, NewEvent] {
  const data = carriedBy(folded);
  // Found here, before it is appended, when it does not have its shape.
  carriedFrom(kind, data);
  // Ids sort by time; these do where the last command does.
  const latest = [...folded.recent.keys()].at(-1);
  const closingId = deriveId('evt', ['carried over', folded.stream], latest);
  const meta = { actor: 'server', correlationId: closingId, from: folded.state.value, to: folded.state.value };
  return [
    { id: closingId, type: 'CarriedOver', v: 1, at, data: { to }, meta },
    {
      id: deriveId('evt', ['carried from', folded.stream], latest),
      type: 'CarriedFrom',
      v: 1,
      at,
      data: { ...data },
      meta: { ...meta, causationId: closingId },
    },
  ];
}
