/**
 * Old events in today's shape. Each change of an event's data adds one step, `type@v → v + 1`, and the steps run one
 * after the other when an event is read:
 *
 *     TaskCreated@1 ──► TaskCreated@2 ──► TaskCreated@3 ──► fold
 *
 * The log is never rewritten. `UPCASTS` lists the steps of all released versions.
 */
import type { Upcast } from './upcaster.ts';

export { createUpcaster, type Upcast, type Upcaster } from './upcaster.ts';
export { withUpcasters } from './with-upcasters.ts';

/** Every event is in its first version. */
export const UPCASTS: readonly Upcast[] = [];
