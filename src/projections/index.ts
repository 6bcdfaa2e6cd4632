/**
 * What readers see: one folder per question. Every view is a fold over the log or a query over it, so each can be
 * deleted, rebuilt while it serves, and asked as of any earlier position.
 */
import { bestOfNView } from './best-of-n/index.ts';
import { buildsView } from './builds/index.ts';
import { coherenceView } from './coherence/index.ts';
import { checksView } from './checks/index.ts';
import { configView } from './config/index.ts';
import { costView } from './cost/index.ts';
import type { ViewDefinition } from './define-projection.ts';
import { fleetView } from './fleet/index.ts';
import { inboxView } from './inbox/index.ts';
import { keptWorkView } from './kept-work/index.ts';
import { queueView } from './queue/index.ts';
import { taskView } from './task/index.ts';
import { timelineView } from './timeline/index.ts';
import { workflowView } from './workflow/index.ts';

/** Every view. A new one is a folder here and a word in this list. */
export const VIEWS: readonly ViewDefinition[] = [
  queueView,
  workflowView,
  fleetView,
  coherenceView,
  inboxView,
  taskView,
  costView,
  checksView,
  timelineView,
  configView,
  bestOfNView,
  buildsView,
  keptWorkView,
];

export { CHECK_KINDS } from './checks/index.ts';
export { COST_GROUPS } from './cost/index.ts';
export type { ProjectionCache } from './cache.ts';
export type { Projection, View, ViewDefinition } from './define-projection.ts';
export type { Evidence } from './evidence.ts';
export { type KeptWork, mayBePruned, readKeptWork } from './kept-work/index.ts';
export { createLiveFold, type LiveFold } from './live-fold.ts';
export {
  type HostStatus,
  type ProjectionHost,
  type ProjectionHostOptions,
  type Rebuilt,
  startProjectionHost,
} from './projection-host.ts';
export { createSnapshots, type Snapshots } from './snapshots.ts';
export { sentenceOf } from './timeline/index.ts';
