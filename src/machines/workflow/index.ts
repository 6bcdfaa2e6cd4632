/** A goal on its way through phases. What runs next follows from its tasks; what may happen is decided here. */
export { type WorkflowCommand, workflowCommands } from './commands.ts';
export { workflowActor } from './decide.ts';
export {
  AGENT_TOOLS,
  definitionSchema,
  NAME_PATTERN,
  type Phase,
  phaseSchema,
  type WorkflowDefinition,
} from './definition.ts';
export { checkedDefinitionSchema } from './definition-rules.ts';
export { type CheckSummary, checkSummarySchema } from './check-summary.ts';
export {
  type Delivery,
  deliverySchema,
  type WorkflowFact,
  workflowFacts,
} from './events.ts';
export {
  type Criterion,
  type CriterionVerdict,
  criteriaOf,
  isPending,
  resultPolicy,
  type RunResult,
  standingResult,
} from './result.ts';
export { noWorkflow, type Workflow, type WorkflowPhase, workflowChart } from './machine.ts';
