/** The way in: parse → authorise → prepare → dispatch. */
export type { Accepted } from '../actors/dispatch.ts';
export { type CatalogueCommand, COMMANDS } from '../actors/catalogue.ts';
export type { Role } from '../machines/define-commands.ts';
export { AGENT_TOKEN_PREFIX, authenticate, OPERATOR_TOKEN_PREFIX, type TokenIndex } from './authenticate.ts';
export {
  type CommandBus,
  type CommandBusParts,
  createCommandBus,
  type Envelope,
  type Preparation,
} from './command-bus.ts';
export { parseInput } from './parse.ts';
export { prepareBestOfNRun } from './prepare-best-of-n-run.ts';
export { prepareCreateTask } from './prepare-create-task.ts';
export { prepareDismissMatter } from './prepare-dismiss-matter.ts';
export { preparePruneKeptWork } from './prepare-prune-kept-work.ts';
export { prepareRescoreBestOfN } from './prepare-rescore-best-of-n.ts';
export { prepareRestartTask } from './prepare-restart-task.ts';
export { prepareRevertTask, prepareRevertWorkflow } from './prepare-revert.ts';
export { prepareStartBestOfN } from './prepare-start-best-of-n.ts';
export type { WorkflowInspection } from './inspection.ts';
export { prepareSubmitResult } from './prepare-submit-result.ts';
export { DEFAULT_AGENT, prepareStartWorkflow } from './prepare-start-workflow.ts';
export { OPERATOR, type Principal, processPrincipal, SERVER } from './principal.ts';
