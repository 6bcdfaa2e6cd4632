import { defineProjection, type FoldedView } from '../define-projection.ts';
import { foldBuilds } from './fold.ts';
import { buildsParams, renderBuilds } from './render.ts';
import type { BuildsState } from './state.ts';

export const buildsProjection = defineProjection<BuildsState>({
  name: 'builds',
  v: 1,
  init: () => ({ runs: new Map() }),
  fold: foldBuilds,
  render: renderBuilds,
});

/**
 * Every candidate there has been, over all best-of-Ns: what it was made from and what was made from it, the best, the
 * newest; the same by run; and how agents, models and mutators have fared.
 */
export const buildsView: FoldedView = { name: 'builds', params: buildsParams, overall: buildsProjection };

export { type BuildStatus, statusOf } from './state.ts';
