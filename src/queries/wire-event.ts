import { sentenceOf } from '../projections/index.ts';
import type { StoredEvent } from '../store/event-store.ts';

/** An event as readers get it: the position in decimal, and the event in a sentence. */
export function wireEvent(event: StoredEvent): Record<string, unknown> {
  return { ...event, position: event.position.toString(), text: sentenceOf(event) };
}
