import { z } from 'zod';
import { defineProjection, type FoldedView } from '../define-projection.ts';
import { foldCoherence } from './fold.ts';
import { renderCoherence } from './render.ts';
import { type CoherenceState, initialCoherence } from './state.ts';

/** So many ended agents stay in the view of the whole fleet; asked by workflow, all of them are there. */
const ENDED_MAX = 100;

export const coherenceProjection = defineProjection<CoherenceState>({
  name: 'coherence',
  v: 1,
  init: initialCoherence,
  fold: (state, event) => foldCoherence(state, event, ENDED_MAX),
  render: renderCoherence,
});

const ofWorkflow = defineProjection<CoherenceState>({
  ...coherenceProjection,
  fold: (state, event) => foldCoherence(state, event, Number.POSITIVE_INFINITY),
});

/**
 * Per agent what its guardian measured, its score over time with gaps where nothing was measured, and warnings with what
 * followed; the same of all together.
 */
export const coherenceView: FoldedView = {
  name: 'coherence',
  params: z.strictObject({ workflowId: z.string().optional(), agentId: z.string().optional() }),
  overall: coherenceProjection,
  ofWorkflow,
};
