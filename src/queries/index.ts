/** The way out: one definition per question, asked by every face in the same words. */
import { getAgentStatus, getTranscript } from './agents.ts';
import { getBestOfN, getBestOfNStats, getBuilds, listBestOfN } from './best-of-n.ts';
import { getCoherence, tryCoherence } from './coherence.ts';
import { getCheck, getChecks } from './checks.ts';
import { getCosts } from './costs.ts';
import type { QueryDefinition, QueryTable } from './define-queries.ts';
import { diagnose } from './diagnosis.ts';
import { explain } from './explain.ts';
import { getEvents, waitForEvents } from './events.ts';
import { getConfig, getView, healthCheck, listWorkflowDefinitions, rebuildView } from './system.ts';
import { getTaskDiff } from './task-diff.ts';
import { getInbox } from './inbox.ts';
import { getQueue, getTasks, taskProgress } from './tasks.ts';

const table: QueryTable = {
  get_tasks: getTasks,
  task_progress: taskProgress,
  get_task_diff: getTaskDiff,
  get_queue: getQueue,
  get_inbox: getInbox,
  get_agent_status: getAgentStatus,
  get_coherence: getCoherence,
  try_coherence: tryCoherence,
  get_best_of_n: getBestOfN,
  list_best_of_n: listBestOfN,
  get_builds: getBuilds,
  get_best_of_n_stats: getBestOfNStats,
  get_costs: getCosts,
  get_checks: getChecks,
  get_check: getCheck,
  explain,
  list_workflow_definitions: listWorkflowDefinitions,
  wait_for_events: waitForEvents,
  health_check: healthCheck,
  diagnose,
  get_view: getView,
  get_events: getEvents,
  get_transcript: getTranscript,
  get_config: getConfig,
  rebuild_view: rebuildView,
};

export interface CatalogueQuery extends QueryDefinition {
  name: string;
}

/** By name on the wire. */
export const QUERIES: ReadonlyMap<string, CatalogueQuery> = new Map(
  Object.entries(table).map(([name, definition]) => [name, { ...definition, name }]),
);

export { askQuery } from './ask.ts';
export type { HealthCheck, QueryContext, QueryDefinition, ServerHealth } from './define-queries.ts';
export { createIdIndex } from './id-index.ts';
export {
  createLive,
  deltaOf,
  type EventSelection,
  eventSelectionSchema,
  type Live,
  type LiveEvents,
  type LiveView,
  selectEvents,
  type ViewVersion,
  wholeParams,
} from './live/index.ts';
