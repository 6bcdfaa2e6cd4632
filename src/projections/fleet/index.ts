import { z } from 'zod';
import { defineProjection, type FoldedView } from '../define-projection.ts';
import { foldFleet } from './fold.ts';
import { renderAgentsOnly, renderFleet } from './render.ts';
import { type FleetState, initialFleet } from './state.ts';

export { foldFleet } from './fold.ts';
export { ENDED_AGENT_STATES, type FleetState, initialFleet } from './state.ts';

/** So many ended agents stay in the view of the whole fleet; asked by workflow, all of them are there. */
const ENDED_MAX = 200;

export const fleetProjection = defineProjection<FleetState>({
  name: 'fleet',
  v: 4,
  init: initialFleet,
  fold: (state, event) => foldFleet(state, event, ENDED_MAX),
  render: renderFleet,
});

const agentsOfWorkflow = defineProjection<FleetState>({
  ...fleetProjection,
  fold: (state, event) => foldFleet(state, event, Number.POSITIVE_INFINITY),
  render: renderAgentsOnly,
});

/** Agents with status, evidence and age, task, working copy and usage; slots, stopped names and runners. */
export const fleetView: FoldedView = {
  name: 'fleet',
  params: z.strictObject({ workflowId: z.string().optional() }),
  overall: fleetProjection,
  ofWorkflow: agentsOfWorkflow,
};
