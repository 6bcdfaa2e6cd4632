import type { z } from 'zod';
import type { EventStore, Position, StoredEvent } from '../store/event-store.ts';
import { restoreState, saveState } from './saved-state.ts';

/** The moment a view shows: every event up to `position` is applied, and ages are counted to `asOf`. */
export interface Moment {
  position: Position;
  /** Milliseconds since the Unix epoch. */
  asOf: number;
  /** For a view of one workflow, live: the state of the view over the whole log, for what belongs to no workflow. */
  whole?: unknown;
}

export type Row = Record<string, unknown>;

export interface Rendered {
  rows: Record<string, Row>;
  summary: Record<string, unknown>;
}

/**
 * A fold over the log for one question that a reader asks. `fold` changes the state in place: it is a plain `switch`
 * over mutable maps and the only part that runs for each event. `render` makes rows when somebody asks.
 */
export interface Projection<S = unknown> {
  name: string;
  /** Raised whenever the state's shape or the fold's meaning changes; saved states of other versions are ignored. */
  v: number;
  init(): S;
  fold(state: S, event: StoredEvent): void;
  /** The answer is the reader's: it shares nothing that `fold` changes in place. */
  render(state: S, params: Record<string, unknown>, moment: Moment): Rendered;
  /** The state as JSON. Equal states give equal JSON, so its hash stands for the state. */
  save(state: S): unknown;
  /** Throws when the JSON is not what `save` gives. */
  restore(saved: unknown): S;
}

/** A view that is folded: the one over the whole log is kept live, the one of a single workflow is folded when asked for. */
export interface FoldedView {
  name: string;
  params: z.ZodType<Record<string, unknown>>;
  overall: Projection;
  /** Needs only events that carry the workflow in their scope. Without it, `overall` answers for a workflow too. */
  ofWorkflow?: Projection;
}

/** A view of one thing that belongs to a workflow: that workflow's events are folded when somebody asks. */
export interface ScopedView {
  name: string;
  params: z.ZodType<Record<string, unknown>>;
  /** The workflow of the thing that the parameters name; null when there is no such thing. */
  workflowOf(store: EventStore, params: Record<string, unknown>): Promise<string | null>;
  ofWorkflow: Projection;
}

/** A view that is a query over the log, not a copy of it. */
export interface LogView {
  name: string;
  v: number;
  params: z.ZodType<Record<string, unknown>>;
  query(store: EventStore, params: Record<string, unknown>, moment: Moment): Promise<Rendered>;
}

export type ViewDefinition = FoldedView | ScopedView | LogView;

/** A view on the wire. */
export interface View extends Rendered {
  view: string;
  v: number;
  params: Record<string, unknown>;
  /** Decimal. */
  position: string;
  asOf: number;
  /** An event could not be folded: what rests on it is missing from the rows. */
  degraded?: Degraded;
}

export interface Degraded {
  eventId: string;
  position: string;
  type: string;
  message: string;
  /** How many events could not be folded; the others are of the first. */
  count: number;
}

/** A projection whose state is made of maps, plain objects and values. */
export function defineProjection<S>(definition: Omit<Projection<S>, 'save' | 'restore'>): Projection<S> {
  return { ...definition, save: saveState, restore: (saved) => restoreState(saved) as S };
}
