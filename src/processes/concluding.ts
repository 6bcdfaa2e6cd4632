import { HephError } from '../kernel/errors.ts';
import { isPending, resultPolicy, type RunResult, standingResult, type Workflow } from '../machines/workflow/index.ts';
import { failureInputs, readTests } from './checking.ts';
import { type Hands, type Obligation, settled } from './define-process.ts';
import { summaryOf } from './delivering.ts';
import type { Entity } from './entity.ts';
import { failOnGiveUp, failWorkflow } from './fail-workflow.ts';
import { lastVerified } from './verified.ts';
import type { World } from './world.ts';

/**
 * How a run comes to its end: the result is submitted, and when `results` has accepted it, it is delivered. A rejected one
 * is mended in a further round of a phase, a bounded number of times; then the run fails with everything that was said.
 */

/**
 * What an accepted or a hopeless result means while phases still run; null: nothing, they go on. `endPhase` is owed by the
 * one that runs, once nothing of it is open.
 */
export function concludeEarly(
  workflow: Entity<Workflow>,
  world: World,
  endPhase: () => Obligation[],
): Obligation[] | null {
  const { context } = workflow;
  const last = context.results.at(-1);
  if (last?.status === 'rejected' && isHopeless(last, context)) return [failByResult(workflow, last)];
  const { on_result } = resultPolicy(context.definition);
  const standing = standingResult(context.results);
  if (!last || !standing || on_result === 'continue') return null;
  if (isPending(last) || world.countOpen(workflow.id, Number.POSITIVE_INFINITY) > 0) return [];
  const ending = on_result === 'stop' ? [] : endPhase();
  return ending.length > 0 ? ending : [deliverAccepted(workflow, last, world)];
}

/** Why an open task is not to be done any more, now that the run has its result; null: it may be done. */
export function endsWithResult({ definition, results, phases }: Workflow, phase: string): string | null {
  const standing = standingResult(results);
  const { on_result } = resultPolicy(definition);
  const begun = phases.some(({ name }) => name === phase);
  if (!standing || on_result === 'continue' || (on_result === 'finish_open' && begun)) return null;
  const rest = on_result === 'stop' ? 'the rest stops' : 'no further phase starts';
  return `The run has its result: submission ${standing.submission} was accepted, and the template says that ${rest}.`;
}

/** What follows when no phase is left. */
export function conclude(workflow: Entity<Workflow>, world: World): Obligation[] {
  const { context } = workflow;
  const { submitted_by } = resultPolicy(context.definition);
  const last = context.results.at(-1);
  if (last && isPending(last)) return [];
  if (last?.status === 'accepted') return [deliverAccepted(workflow, last, world)];
  if (last?.status === 'superseded' || submitted_by === 'phases') {
    const untouched = last?.status === 'rejected' && last.phases === context.phases.length;
    return [untouched ? mend(workflow, last) : submitTip(workflow, world)];
  }
  if (last?.status === 'rejected' && !last.mended) return [mend(workflow, last)];
  if (submitted_by === 'operator') return [];
  return [failWorkflow(workflow, 'result_missing', 'Every phase is over, and no agent has submitted a result.')];
}

function isHopeless({ code }: RunResult, { results, definition }: Workflow): boolean {
  const rejected = results.filter(({ status }) => status === 'rejected').length;
  return code === 'review_missing' || rejected >= definition.rounds_max;
}

function failByResult(workflow: Entity<Workflow>, { code, feedback, submission }: RunResult): Obligation {
  const times = submission > 1 ? ` after ${submission} submissions` : '';
  const reason = `The result was not accepted${times}: ${feedback ?? ''}`;
  return failWorkflow(workflow, code === 'review_missing' ? code : 'result_rejected', reason);
}

/** The result is what is on the branch when the last phase is over. */
function submitTip(workflow: Entity<Workflow>, world: World): Obligation {
  const { phases, results } = workflow.context;
  return {
    key: `submit:${workflow.id}:${phases.length}:${results.length}`,
    ...failOnGiveUp(workflow, 'The result could not be submitted'),
    act: (hands) => submit(workflow, world, hands),
  };
}

async function submit(workflow: Entity<Workflow>, world: World, hands: Hands): Promise<void> {
  const tip = await tipOf(workflow.context, hands);
  const verified = lastVerified(workflow, world);
  // Something was merged after the verdict: it is verified again before it leaves the house.
  if (verified && tip !== verified.commit) return verifyAgain(workflow, verified.phase, hands);
  const before = workflow.context.results.findLast(({ status }) => status === 'accepted' || status === 'superseded');
  const said = { summary: before?.summary ?? summaryOf(workflow, world), outputs: before?.outputs ?? {} };
  await settled(hands.send('submit_result', { workflowId: workflow.id, ...said, commit: tip }));
}

async function verifyAgain({ id, context }: Entity<Workflow>, phase: string, { send }: Hands): Promise<void> {
  const rounds = roundsOf(context, phase);
  if (rounds >= context.definition.rounds_max)
    throw new HephError('workflow.out_of_order', `after ${rounds} rounds work was merged that none of them saw.`);
  await settled(send('start_phase', { workflowId: id, phase, round: rounds + 1 }));
}

function roundsOf({ phases }: Workflow, phase: string | null): number {
  return phases.filter(({ name }) => name === phase).length;
}

async function tipOf({ repository, runBranch }: Workflow, { runner }: Hands): Promise<string> {
  const tip = await runner.readBranch({ repositoryId: repository.repositoryId, branch: runBranch });
  return tip ?? repository.baseCommit;
}

/** Exactly what was judged is delivered; where something was merged or taken out since, that is judged first. */
function deliverAccepted(workflow: Entity<Workflow>, { submission, commit }: RunResult, world: World): Obligation {
  return {
    key: `deliver:${workflow.id}:${submission}`,
    ...failOnGiveUp(workflow, 'The result could not be delivered'),
    async act(hands) {
      if ((await tipOf(workflow.context, hands)) !== commit) return submit(workflow, world, hands);
      await settled(hands.send('start_delivery', { workflowId: workflow.id, commit }));
    },
  };
}

/** A further round of the phase that can mend it, with a task that says what is wrong. */
function mend(workflow: Entity<Workflow>, result: RunResult): Obligation {
  const { definition } = workflow.context;
  const { mender } = resultPolicy(definition);
  const round = roundsOf(workflow.context, mender) + 1;
  if (mender === null || round > definition.rounds_max) return failByResult(workflow, result);
  const { submission, feedback, commit, check, criteria } = result;
  return {
    key: `mend:${workflow.id}:${submission}`,
    ...failOnGiveUp(workflow, 'A task to mend the result could not be created'),
    async act({ send, blobs }) {
      const failures = failureInputs((await readTests(blobs, check)) ?? []);
      // The task first: a crash between the two leaves this obligation open, and it finds what it has created.
      await settled(
        send('create_task', {
          ...{ workflowId: workflow.id, phase: mender },
          title: `Mend the result: ${(feedback ?? '').split('\n')[0]}`.slice(0, 300),
          description: (feedback ?? '').slice(0, 20_000),
          inputs: {
            result: { submission, commit, criteria: criteria.filter(({ verdict }) => verdict !== 'pass') },
            ...(failures.length > 0 && { failures }),
          },
        }),
      );
      await settled(send('start_phase', { workflowId: workflow.id, phase: mender, round, mends: submission }));
    },
  };
}
