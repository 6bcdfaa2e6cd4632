import { briefly } from '../machines/correspondence.ts';
import { candidatesOf, runTrainOf } from '../machines/merge-train/index.ts';
import type { Task, Wait } from '../machines/task/index.ts';
import { type CheckSummary, type Phase, type Workflow, type WorkflowPhase } from '../machines/workflow/index.ts';
import type { TestOutcome } from '../runtime/runner.ts';
import { failureInputs, readTests, runCheck } from './checking.ts';
import { conclude, concludeEarly, endsWithResult } from './concluding.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import { failOnGiveUp, failWorkflow } from './fail-workflow.ts';
import { type Entity, isEndedTask, isEndedWorkflow } from './entity.ts';
import type { World } from './world.ts';

/**
 * A run on its way: the branch and the baseline first, then phase after phase as their tasks come to an end, a red
 * phase's further rounds. What comes after the last one is in `concluding.ts`.
 *
 *   RunOpened → BaselineRecorded → investigate → fix → verify ─ green → result → delivery
 *                                                ↑ ______| red, at most rounds_max times
 */
export const phases: Process = {
  name: 'phases',
  concurrency: (world) => Math.max(4, world.settings.limits.checksAtOnce),
  obligations(entity, world) {
    if (entity.kind === 'task') return ofTask(entity as Entity<Task>, world);
    if (entity.kind !== 'workflow' || entity.value !== 'active') return [];
    const workflow = entity as Entity<Workflow>;
    const { context } = workflow;
    if (!context.runOpened) return [openRun(workflow)];
    if (!context.baseline) return [baseline(workflow)];
    // What is being taken out of the run's branch is out, or refused, before anything is concluded from that branch.
    return context.delivering || isReverting(context, world) ? [] : grow(workflow, world);
  },
};

function isReverting(workflow: Workflow, world: World): boolean {
  const train = world.trains.get(runTrainOf(workflow).trainId)?.context;
  return candidatesOf(train).some((one) => one.revert);
}

function openRun(workflow: Entity<Workflow>): Obligation {
  const { repository, runBranch } = workflow.context;
  return {
    key: `open:${workflow.id}`,
    ...failOnGiveUp(workflow, 'The repository could not be mirrored'),
    async act({ runner, send }) {
      const { commit } = await runner.openRun({
        repositoryId: repository.repositoryId,
        path: repository.path,
        commit: repository.baseCommit,
        runBranch,
      });
      await settled(send('record_run_opened', { workflowId: workflow.id, commit }));
    },
  };
}

/** What is red before anybody has changed anything: everything later is judged against it. */
function baseline(workflow: Entity<Workflow>): Obligation {
  const { repository, check, takesOut } = workflow.context;
  const notRun: CheckSummary = {
    command: '',
    commit: repository.baseCommit,
    status: 'not_run',
    exitCode: null,
    durationMs: 0,
    passed: null,
    failed: null,
    skipped: null,
    resultHash: null,
  };
  return {
    key: `baseline:${workflow.id}`,
    ...failOnGiveUp(workflow, 'The check could not be run on the base commit'),
    async act(hands) {
      const summary =
        // Where work is taken out, what passed before that work has to pass.
        takesOut
          ? (takesOut.baseline ?? notRun)
          : check === null
            ? notRun
            : (await runCheck(hands, workflow.context, repository.baseCommit, ['baseline', repository.baseCommit]))
                .summary;
      await settled(hands.send('record_baseline', { workflowId: workflow.id, check: summary }));
    },
  };
}

function grow(workflow: Entity<Workflow>, world: World): Obligation[] {
  const { context } = workflow;
  const current = context.phases.at(-1);
  const early = concludeEarly(workflow, world, () =>
    current?.status === 'started' ? [endPhase(workflow, phaseNamed(context, current.name), current, world)] : [],
  );
  if (early) return early;
  if (!current) return [startPhase(workflow, context.definition.phases[0] as Phase, 1)];
  const phase = phaseNamed(context, current.name);
  return current.status === 'started'
    ? runPhase(workflow, phase, current, world)
    : followPhase(workflow, phase, current, world);
}

function startPhase(workflow: Entity<Workflow>, phase: Phase, round: number): Obligation {
  return {
    key: `phase:${workflow.id}:${phase.name}:${round}`,
    act: async ({ send }) =>
      void (await settled(send('start_phase', { workflowId: workflow.id, phase: phase.name, round }))),
  };
}

/** A running phase: its own first task, then its end when nothing of it or before it is open any more. */
function runPhase(workflow: Entity<Workflow>, phase: Phase, current: WorkflowPhase, world: World): Obligation[] {
  const key = `${workflow.id}:${phase.name}:${current.round}`;
  const youngest = world.lastCreated(workflow.id, phase.name);
  if (phase.starts_with === 'one_task' && (youngest === 0 || youngest < roundBegan(workflow, current)))
    return [firstTask(workflow, phase, current.round, key)];
  if (world.countOpen(workflow.id, phaseIndex(workflow.context, phase.name)) > 0) return [];
  return [endPhase(workflow, phase, current, world)];
}

function endPhase(workflow: Entity<Workflow>, phase: Phase, current: WorkflowPhase, world: World): Obligation {
  const own = tasksOfRound(workflow, phase, current, world);
  const outcome = own.length === 0 ? 'empty' : own.every((task) => task.value === 'done') ? 'green' : 'red';
  const input = { workflowId: workflow.id, phase: phase.name, round: current.round, outcome };
  return {
    key: `complete:${workflow.id}:${phase.name}:${current.round}`,
    act: async ({ send }) => void (await settled(send('complete_phase', input))),
  };
}

/** The phase's tasks; of one that runs again, those created since the phase before it ended. */
function tasksOfRound(workflow: Entity<Workflow>, phase: Phase, current: WorkflowPhase, world: World): Entity<Task>[] {
  const before = roundBegan(workflow, current);
  return world
    .tasksOf(workflow.id)
    .filter(
      ({ began, context: { spec } }) => spec.phase === phase.name && began >= before && !spec.review && !spec.candidate,
    );
}

/** Where in the log the phase before it ended: tasks that were created since belong to the phase's round. */
function roundBegan({ context, phasesAt = [] }: Entity<Workflow>, current: WorkflowPhase): number {
  return current.round > 1 ? (phasesAt[context.phases.indexOf(current) - 1] ?? 0) : 0;
}

function firstTask(workflow: Entity<Workflow>, phase: Phase, round: number, key: string): Obligation {
  return {
    key: `first:${key}`,
    ...failOnGiveUp(workflow, `The first task of the phase ${phase.name} could not be created`),
    async act({ send }) {
      await settled(
        send('create_task', {
          workflowId: workflow.id,
          phase: phase.name,
          title: titleOf(phase, round),
          description: workflow.context.goal,
          ...severalFor(phase, workflow.context),
        }),
      );
    },
  };
}

/** How many candidates a first task gets; an agent that opens tasks is told how many the run allows for one. */
function severalFor({ candidates, allowed_tools }: Phase, { params }: Workflow): Record<string, unknown> {
  if (candidates !== undefined) return { candidates: params[candidates] };
  const several = typeof params.best_of === 'number' && params.best_of > 1;
  return several && allowed_tools.includes('create_task') ? { inputs: { bestOf: params.best_of } } : {};
}

/** `Verify`, `Verify, round 2`. */
function titleOf(phase: Phase, round: number): string {
  const name = phase.name.charAt(0).toUpperCase() + phase.name.slice(1).replaceAll(/[_-]/g, ' ');
  return round > 1 ? `${name}, round ${round}` : name;
}

/** What comes after a phase that is over. */
function followPhase(workflow: Entity<Workflow>, phase: Phase, current: WorkflowPhase, world: World): Obligation[] {
  const { definition } = workflow.context;
  const tasks = tasksOfRound(workflow, phase, current, world);
  const done = tasks.filter((task) => task.value === 'done');
  if (current.status === 'empty' && !phase.may_be_empty) {
    const why = `The phase ${phase.name} ended without a task: ${priorWord(workflow, world)}`;
    return [failWorkflow(workflow, 'phase_empty', why)];
  }
  if (current.status === 'red' && phase.on_red) return [again(workflow, phase, current, tasks)];
  if (current.status === 'red' && done.length === 0)
    return [failWorkflow(workflow, 'phase_failed', `Every task of the phase ${phase.name} failed. ${reasons(tasks)}`)];
  const next = definition.phases[phaseIndex(workflow.context, phase.name) + 1];
  if (!next) return conclude(workflow, world);
  const round = roundOf(workflow.context, next.name) + 1;
  if (round <= definition.rounds_max) return [startPhase(workflow, next, round)];
  return [failWorkflow(workflow, 'rounds_exhausted', `The phase ${next.name} has run ${round - 1} times already.`)];
}

/** A red phase opens further tasks where its page says so, one per file that still fails, and runs again after them. */
function again(workflow: Entity<Workflow>, phase: Phase, current: WorkflowPhase, tasks: Entity<Task>[]): Obligation {
  const { definition } = workflow.context;
  if (current.round >= definition.rounds_max) {
    return failWorkflow(
      workflow,
      'rounds_exhausted',
      `After ${current.round} rounds the phase ${phase.name} is still red. ${reasons(tasks.slice(-1))}`,
    );
  }
  const target = phaseNamed(workflow.context, phase.on_red as string);
  const round = roundOf(workflow.context, target.name) + 1;
  const last = tasks.sort((a, b) => a.arrived - b.arrived).at(-1);
  return {
    key: `again:${workflow.id}:${phase.name}:${current.round}`,
    ...failOnGiveUp(workflow, 'Further tasks could not be created'),
    async act(hands) {
      const tests = await readTests(hands.blobs, last?.context.check ?? null);
      const groups = failuresByFile(tests);
      // The tasks first: a crash between the two leaves this obligation open, and it finds what it has created.
      for (const { file, failures } of groups) await openFurther(workflow, target, file, failures, last, hands);
      await settled(hands.send('start_phase', { workflowId: workflow.id, phase: target.name, round }));
    },
  };
}

async function openFurther(
  workflow: Entity<Workflow>,
  target: Phase,
  file: string,
  failures: TestOutcome[],
  last: Entity<Task> | undefined,
  hands: Hands,
): Promise<void> {
  const input = {
    workflowId: workflow.id,
    phase: target.name,
    title: file ? `Still failing: ${file}`.slice(0, 300) : 'The check still fails',
    description: last?.context.feedback ?? last?.context.reason ?? '',
    inputs: { failures: failureInputs(failures) },
  };
  await settled(hands.send('create_task', input, file));
}

function failuresByFile(tests: readonly TestOutcome[] | null): { file: string; failures: TestOutcome[] }[] {
  const groups = new Map<string, TestOutcome[]>();
  for (const test of tests ?? [])
    if (test.status === 'failed') groups.set(test.file, [...(groups.get(test.file) ?? []), test]);
  if (groups.size === 0) return [{ file: '', failures: [] }];
  return [...groups].map(([file, failures]) => ({ file, failures }));
}

/** A task that waits for its phase says so; one whose phase runs is queued; one whose run has ended is cancelled. */
function ofTask(task: Entity<Task>, world: World): Obligation[] {
  const workflow = world.workflows.get(task.context.spec.workflowId);
  if (isEndedTask(task)) return [];
  // A workflow is let go of when it has ended; a task may still come, created or restarted in that very moment.
  if (!workflow || isEndedWorkflow(workflow)) {
    return [close(task, 'close', `The workflow ${workflow ? `is ${workflow.value}` : 'has ended'}.`)];
  }
  const reason = endsWithResult(workflow.context, task.context.spec.phase);
  if (reason !== null) return [close(task, 'stop', reason)];
  if (task.value !== 'pending' && task.value !== 'blocked') return [];
  const { phase } = task.context.spec;
  const key = `${task.id}:${task.context.restarts}`;
  if (roundOf(workflow.context, phase) > 0) {
    return [
      {
        key: `queue:${key}`,
        light: true,
        act: async ({ send }) =>
          void (await settled(send('queue_task', { taskId: task.id, because: `The phase ${phase} has started.` }))),
      },
    ];
  }
  if (task.value === 'blocked') return [];
  const wait: Wait = {
    code: 'phase_not_started',
    text: `The phase ${phase} starts when the earlier ones are over.`,
    eventId: workflow.last.id,
  };
  return [
    {
      key: `block:${key}`,
      light: true,
      act: async ({ send }) => void (await settled(send('block_task', { taskId: task.id, reasons: [wait] }))),
    },
  ];
}

/** A task that nobody is to do any more. */
function close(task: Entity<Task>, key: string, reason: string): Obligation {
  return {
    key: `${key}:${task.id}`,
    light: true,
    act: async ({ send }) => void (await settled(send('cancel_task', { taskId: task.id, reason }))),
  };
}

function phaseNamed(workflow: Workflow, name: string): Phase {
  return workflow.definition.phases[phaseIndex(workflow, name)] as Phase;
}

function phaseIndex(workflow: Workflow, name: string): number {
  return workflow.definition.phases.findIndex((phase) => phase.name === name);
}

/** How often the phase has started. */
function roundOf(workflow: Workflow, name: string): number {
  return workflow.phases.filter((phase) => phase.name === name).length;
}

/** Why they failed; of work that came back more than once also what was said before. */
function reasons(tasks: Entity<Task>[]): string {
  return tasks
    .map(({ context: { reason, correspondence } }) =>
      [reason ?? '', briefly(correspondence.slice(0, -1))].filter(Boolean).join(' Before: '),
    )
    .filter(Boolean)
    .join(' ');
}

/** Why nothing came of it: what the tasks before it said. */
function priorWord(workflow: Entity<Workflow>, world: World): string {
  const said = world.tasksOf(workflow.id).map((task) => task.context.reason ?? task.context.submitted?.summary ?? '');
  return said.filter(Boolean).join(' ') || 'no agent created one.';
}
