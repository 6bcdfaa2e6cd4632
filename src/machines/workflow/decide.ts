import { rejected, type Rejected } from '../../kernel/errors.ts';
import { defineActor, type Proposer } from '../define-actor.ts';
import type { WorkflowCommand } from './commands.ts';
import { type WorkflowFact, workflowFacts } from './events.ts';
import { decideResult } from './decide-result.ts';
import { evolveWorkflow, noWorkflow, type Workflow, workflowChart } from './machine.ts';

type Decision = WorkflowFact[] | Rejected;

export function decide(command: WorkflowCommand, actor: Proposer<Workflow, WorkflowFact>): Decision {
  const starts = ['start_workflow', 'start_best_of_n_run', 'start_revert_run'].includes(command.name);
  if (!starts && actor.value === 'absent') return rejected('workflow.not_open', 'There is no such workflow.');
  const workflow = actor.context;
  switch (command.name) {
    case 'start_workflow':
    case 'start_best_of_n_run':
    case 'start_revert_run':
      if (actor.value !== 'absent')
        return rejected('workflow.exists', `The workflow ${workflow.workflowId} exists already.`);
      return actor.facts({ type: 'WorkflowStarted', v: 1, data: { ...command.input, startedBy: command.actor } });
    case 'pause_workflow':
      if (actor.value === 'paused') return [];
      return (
        open(actor) ??
        actor.facts({ type: 'WorkflowPaused', v: 1, data: { reason: command.input.reason, by: command.actor } })
      );
    case 'resume_workflow':
      if (actor.value !== 'paused')
        return rejected('workflow.not_paused', `The workflow is ${actor.value}, not paused.`);
      return actor.facts({ type: 'WorkflowResumed', v: 1, data: { by: command.actor } });
    case 'cancel_workflow':
      if (actor.value === 'cancelled') return [];
      return (
        open(actor) ??
        actor.facts({ type: 'WorkflowCancelled', v: 1, data: { reason: command.input.reason, by: command.actor } })
      );
    case 'record_run_opened':
      if (workflow.runOpened) return [];
      return open(actor) ?? actor.facts({ type: 'RunOpened', v: 1, data: { commit: command.input.commit } });
    case 'record_baseline':
      if (workflow.baseline) return [];
      return open(actor) ?? actor.facts({ type: 'BaselineRecorded', v: 1, data: { check: command.input.check } });
    case 'start_phase':
      return startPhase(command.input, actor);
    case 'complete_phase':
      return completePhase(command.input, actor);
    case 'submit_result':
    case 'request_result_review':
    case 'accept_result':
    case 'reject_result':
      return open(actor) ?? decideResult(command, actor);
    case 'start_delivery':
      if (workflow.delivering) return [];
      return (
        open(actor) ??
        notAccepted(command.input.commit, actor) ??
        actor.facts({ type: 'DeliveryStarted', v: 1, data: { commit: command.input.commit, merge: workflow.merge } })
      );
    case 'complete_workflow': {
      const { delivery, summary } = command.input;
      if (!workflow.delivering) return actor.refuse('Nothing has been delivered yet.');
      return actor.facts({ type: 'WorkflowCompleted', v: 1, data: { delivery, summary } });
    }
    case 'fail_workflow': {
      const { workflowId: _same, correspondence, ...end } = command.input;
      const data = { ...end, ...(correspondence && { correspondence }) };
      return open(actor) ?? actor.facts({ type: 'WorkflowFailed', v: 1, data });
    }
    case 'adopt_workflow': {
      const { workflowId: _same, ...adopted } = command.input;
      if (workflow.runnerId === adopted.runnerId) return [];
      if (workflow.runnerId !== adopted.from)
        return rejected('workflow.taken_over', `The workflow belongs to ${workflow.runnerId ?? 'the only runner'}.`);
      return actor.facts({ type: 'WorkflowAdopted', v: 1, data: adopted });
    }
  }
}

function startPhase(
  input: { phase: string; round: number; mends?: number | undefined },
  actor: Proposer<Workflow, WorkflowFact>,
): Decision {
  const { definition, phases } = actor.context;
  const known = definition.phases.map((phase) => phase.name);
  if (!known.includes(input.phase))
    return rejected('workflow.no_such_phase', `There is no phase ${input.phase}; there are ${known.join(', ')}.`);
  if (phases.some((phase) => phase.name === input.phase && phase.round === input.round)) return [];
  if (input.round > definition.rounds_max)
    return actor.refuse(`Round ${input.round} is beyond rounds_max ${definition.rounds_max}.`);
  const running = phases.find((phase) => phase.status === 'started');
  if (running) return actor.refuse(`The phase ${running.name} is not over.`);
  const { phase, round, mends } = input;
  const data = { phase, round, ...(mends !== undefined && { mends }) };
  return open(actor) ?? actor.facts({ type: 'PhaseStarted', v: 1, data });
}

function completePhase(
  input: { phase: string; round: number; outcome: 'green' | 'red' | 'empty' },
  actor: Proposer<Workflow, WorkflowFact>,
): Decision {
  const phase = actor.context.phases.find((one) => one.name === input.phase && one.round === input.round);
  if (!phase) return actor.refuse(`The phase ${input.phase} has not started in round ${input.round}.`);
  if (phase.status !== 'started') return [];
  const { phase: name, round, outcome } = input;
  return open(actor) ?? actor.facts({ type: 'PhaseCompleted', v: 1, data: { phase: name, round, outcome } });
}

/** What was never submitted is of a run from before results were; everything else is delivered as it was accepted. */
function notAccepted(commit: string, actor: Proposer<Workflow, WorkflowFact>): Rejected | null {
  const result = actor.context.results.at(-1);
  if (!result || (result.status === 'accepted' && result.commit === commit)) return null;
  return actor.refuse(`The result at ${commit.slice(0, 10)} has not been accepted.`);
}

function open(actor: Proposer<Workflow, WorkflowFact>): Rejected | null {
  const over = actor.value === 'completed' || actor.value === 'failed' || actor.value === 'cancelled';
  return over ? rejected('workflow.not_open', `The workflow is ${actor.value} already.`) : null;
}

export const workflowActor = defineActor<Workflow, WorkflowFact, WorkflowCommand>({
  kind: 'workflow',
  chart: workflowChart,
  facts: workflowFacts,
  outOfOrder: 'workflow.out_of_order',
  initial: noWorkflow,
  evolve: evolveWorkflow,
  scope: ({ workflowId, repository }) => ({ workflowId, repositoryId: repository.repositoryId }),
  decide,
});
