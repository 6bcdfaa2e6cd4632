import { assert } from '../../kernel/errors.ts';
import type { NewEvent, StoredEvent } from '../event-store.ts';

/** Turns the data of `type` in version `from` into that of version `from + 1`. Pure: the same data gives the same data. */
export interface Upcast {
  type: string;
  from: number;
  up(data: NewEvent['data'], event: Readonly<StoredEvent>): NewEvent['data'];
}

export type Upcaster = (event: StoredEvent) => StoredEvent;

/**
 * Brings an event to its type's newest version, one step after the other. A type that no step names is given back as it
 * is, and so is a version newer than every step: what we do not know, we keep. A step that is missing or comes twice is
 * a Defect, found here and not at the first old event.
 */
export function createUpcaster(upcasts: readonly Upcast[]): Upcaster {
  const byType = Map.groupBy(upcasts, (upcast) => upcast.type);
  const steps = new Map([...byType].map(([type, list]) => [type, chain(type, list)]));
  return (event) => {
    const chained = steps.get(event.type);
    if (!chained) return event;
    let current = event;
    for (let step = chained.get(current.v); step; step = chained.get(current.v))
      current = { ...current, v: current.v + 1, data: step.up(current.data, current) };
    return current;
  };
}

function chain(type: string, upcasts: Upcast[]): Map<number, Upcast> {
  const steps = new Map(upcasts.map((upcast) => [upcast.from, upcast]));
  for (let v = 1; v <= upcasts.length; v++) assert(steps.has(v), `no step brings ${type}@${v} to version ${v + 1}`);
  return steps;
}
