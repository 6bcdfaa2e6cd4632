import { canonicalJson } from '../../kernel/canonical.ts';
import { rejected, type Rejected } from '../../kernel/errors.ts';
import { wordOf } from '../../kernel/state-words.ts';
import type { Correspondence } from '../correspondence.ts';
import { defineActor } from '../define-actor.ts';
import type { TaskCommand } from './commands.ts';
import { hasCandidates, isServersOwn } from './candidates.ts';
import { type KeptTreeRecord, type TaskFact, taskFacts } from './events.ts';
import { giveReview, giveValidation, endOf } from './decide-review.ts';
import { evolveTask, noTask, type Task, taskChart } from './machine.ts';
import { type Actor, ENDED, idle, notOpen, notWaiting, open, owned, stale } from './refusals.ts';

type Decision = TaskFact[] | Rejected;

/** A pause doubles with each failure; beyond this it stays. */
const BACKOFF_MAX_MS = 300_000;

export function decide(command: TaskCommand, actor: Actor): Decision {
  const task = actor.context;
  if (command.name === 'create_task') {
    if (actor.value !== 'absent') return rejected('task.exists', `The task ${task.spec.taskId} exists already.`);
    const created: TaskFact = { type: 'TaskCreated', v: 1, data: command.input };
    if (!command.input.phaseRuns) return actor.facts(created);
    const because = `The phase ${command.input.phase} has started.`;
    return actor.facts(created, { type: 'TaskQueued', v: 1, data: { because } });
  }
  if (command.name === 'create_review') {
    if (actor.value !== 'absent') return [];
    const { taskId } = command.input.review ?? {};
    const because = taskId ? `The work of ${taskId} passed its checks.` : 'The result of the run waits for a verdict.';
    const created: TaskFact = { type: 'TaskCreated', v: 1, data: command.input };
    return actor.facts(created, { type: 'TaskQueued', v: 1, data: { because } });
  }
  if (command.name === 'create_revert') {
    if (actor.value !== 'absent') return [];
    const because = 'What it is to take out does not come out by itself.';
    const created: TaskFact = { type: 'TaskCreated', v: 1, data: command.input };
    return actor.facts(created, { type: 'TaskQueued', v: 1, data: { because } });
  }
  if (command.name === 'create_candidate') {
    if (actor.value !== 'absent') return [];
    const because = `A candidate of ${command.input.candidate?.bestOfNId ?? 'a best-of-N'}.`;
    const created: TaskFact = { type: 'TaskCreated', v: 1, data: command.input };
    return actor.facts(created, { type: 'TaskQueued', v: 1, data: { because } });
  }
  if (actor.value === 'absent') return rejected('task.not_open', 'There is no such task.');
  switch (command.name) {
    case 'update_task_status':
      return outcome(command, actor);
    case 'give_validation_review':
      return giveReview(command, actor);
    case 'submit_result_validation':
      return giveValidation(command, actor);
    case 'report_progress':
      return (
        owned(command.actor, actor) ??
        idle(command.actor, actor) ??
        open(actor) ??
        actor.facts({
          type: 'TaskProgressed',
          v: 1,
          data: { message: command.input.message, fraction: command.input.fraction },
        })
      );
    case 'report_usage': {
      const { taskId: _taskId, ...usage } = command.input;
      return (
        owned(command.actor, actor) ??
        actor.facts({ type: 'UsageReported', v: 1, data: { agentId: task.agentId, ...usage } })
      );
    }
    case 'cancel_task':
      if (actor.value === 'cancelled') return [];
      return (
        open(actor) ??
        actor.facts({ type: 'TaskCancelled', v: 1, data: { reason: command.input.reason, by: command.actor } })
      );
    case 'restart_task':
      return restart(command, actor);
    case 'boost_task':
      if (task.boosted && !ENDED.includes(actor.value)) return [];
      return (
        open(actor) ??
        (actor.can('TaskBoosted')
          ? actor.facts({ type: 'TaskBoosted', v: 1, data: { by: command.actor } })
          : notWaiting(actor))
      );
    case 'set_task_priority': {
      const { priority } = command.input;
      if (task.spec.priority === priority && !ENDED.includes(actor.value)) return [];
      return (
        open(actor) ??
        (actor.can('TaskPrioritySet')
          ? actor.facts({ type: 'TaskPrioritySet', v: 1, data: { priority, by: command.actor } })
          : notWaiting(actor))
      );
    }
    case 'message_task':
      if (!actor.can('MessageLeft'))
        return rejected('task.not_open', `The task is ${actor.value}; nobody works on it.`);
      return actor.facts({ type: 'MessageLeft', v: 1, data: { text: command.input.text, by: command.actor } });
    case 'block_task':
      if (actor.value === 'blocked' && canonicalJson(task.waits) === canonicalJson(command.input.reasons)) return [];
      return actor.facts({ type: 'TaskBlocked', v: 1, data: { reasons: command.input.reasons } });
    case 'queue_task':
      if (actor.value === 'queued') return [];
      return actor.facts({ type: 'TaskQueued', v: 1, data: { because: command.input.because } });
    case 'assign_task': {
      const { agentId, attempt } = command.input;
      if (task.agentId === agentId && task.attempt === attempt) return [];
      if (attempt !== task.attempt + 1) return stale(actor, attempt);
      if (actor.value !== 'queued') return notWaiting(actor);
      return actor.facts({ type: 'TaskAssigned', v: 1, data: { agentId, attempt } });
    }
    case 'start_task': {
      const { agentId, attempt } = command.input;
      if (attempt !== task.attempt) return stale(actor, attempt);
      if (actor.value !== 'assigned') return ENDED.includes(actor.value) ? notOpen(actor) : [];
      return actor.facts({ type: 'TaskStarted', v: 1, data: { agentId, attempt } });
    }
    case 'run_by_server': {
      if (task.spec.agent !== null) return actor.refuse('The task has an agent of its own.');
      const run = { agentId: null, attempt: task.attempt + 1 };
      const begun: TaskFact[] = [
        { type: 'TaskAssigned', v: 1, data: run },
        { type: 'TaskStarted', v: 1, data: run },
      ];
      // Its candidates work from here on.
      if (hasCandidates(task.spec)) return actor.facts(...begun);
      return actor.facts(...begun, {
        type: 'WorkSubmitted',
        v: 1,
        data: { ...run, summary: 'The tree as it is.', outputs: {}, how: 'server' },
      });
    }
    case 'submit_winner': {
      const { attempt, summary, tree } = command.input;
      if (attempt !== task.attempt) return stale(actor, attempt);
      if (task.submitted) return [];
      if (!hasCandidates(task.spec)) return actor.refuse('No candidates work for the task.');
      const submitted = { agentId: null, attempt, summary, outputs: {}, how: 'server' as const };
      return actor.facts({ type: 'WorkSubmitted', v: 1, data: submitted }, { type: 'TreeKept', v: 1, data: tree });
    }
    case 'submit_on_exit': {
      const { attempt, agentId, summary } = command.input;
      if (attempt !== task.attempt) return stale(actor, attempt);
      if (actor.value !== 'in_progress' && actor.value !== 'assigned') return [];
      return submit(actor, { agentId, attempt, summary, outputs: {}, how: 'exited' });
    }
    case 'record_tree':
      if (command.input.attempt !== task.attempt) return stale(actor, command.input.attempt);
      if (task.tree) return [];
      return actor.facts({ type: 'TreeKept', v: 1, data: command.input.tree });
    case 'request_review': {
      const { taskId: _taskId, attempt, tree, ...review } = command.input;
      if (attempt !== task.attempt) return stale(actor, attempt);
      if (task.review?.reviewId === review.reviewId) return [];
      return actor.facts(...keptTree(tree, task), { type: 'ReviewRequested', v: 1, data: review });
    }
    case 'pass_validation':
      return pass(command, actor);
    case 'fail_validation': {
      const { attempt, tree, check, code, feedback, judge, mutation, correspondence } = command.input;
      if (attempt !== task.attempt) return stale(actor, attempt);
      const verdict: TaskFact = {
        type: 'ValidationFailed',
        v: 1,
        data: { round: task.rounds + 1, check, code, feedback, ...(judge && { judge }), ...(mutation && { mutation }) },
      };
      return again(actor, [...keptTree(tree, task), verdict], { code, feedback, correspondence });
    }
    case 'send_back': {
      const { attempt, code, feedback, files, correspondence } = command.input;
      if (attempt !== task.attempt) return stale(actor, attempt);
      return again(actor, [{ type: 'WorkSentBack', v: 1, data: { code, feedback, files } }], {
        ...{ code, feedback, correspondence },
      });
    }
    case 'record_merge':
      if (task.merged === command.input.commit) return [];
      return actor.facts({
        type: 'TaskMerged',
        v: 1,
        data: { commit: command.input.commit, branch: command.input.branch },
      });
    case 'record_worktree_removed':
      if (task.worktreeSince === null) return [];
      return actor.facts({ type: 'WorktreeRemoved', v: 1, data: { rescued: command.input.rescued } });
    case 'fail_attempt':
      return failAttempt(command, actor);
    case 'fail_task': {
      if (ENDED.includes(actor.value)) return [];
      const { code, reason, correspondence } = command.input;
      return actor.facts(failed(code, reason, command.actor, correspondence));
    }
  }
}

/** As decided; the first word of an agent after a verdict also says that the feedback has reached it. */
function decideAndAcknowledge(command: TaskCommand, actor: Actor): Decision {
  const decision = decide(command, actor);
  const { spec, feedback, acknowledged, agentId, attempt } = actor.context;
  const working = actor.value === 'assigned' || actor.value === 'in_progress';
  if (!Array.isArray(decision) || decision.length === 0 || !working) return decision;
  if (!spec.acknowledges || feedback === null || acknowledged === attempt) return decision;
  if (agentId === null || command.actor !== `agent:${agentId}`) return decision;
  return [{ type: 'FeedbackAcknowledged', v: 1, data: { agentId, attempt } }, ...decision];
}

function outcome(command: Extract<TaskCommand, { name: 'update_task_status' }>, actor: Actor): Decision {
  const task = actor.context;
  const { status, summary, reason, outputs } = command.input;
  const notYours = owned(command.actor, actor) ?? idle(command.actor, actor);
  if (notYours) return notYours;
  if (status === 'duplicated') {
    const { of } = command.input;
    if (of === undefined || of === task.spec.taskId)
      return rejected('task.duplicate_of_nothing', 'Name with `of` the other task that this one repeats.');
    if (actor.value === 'duplicated') return [];
    return open(actor) ?? actor.facts({ type: 'TaskDuplicated', v: 1, data: { of, by: command.actor } });
  }
  if (status === 'failed') {
    const text = reason || summary || 'The agent gave no reason.';
    return (
      open(actor) ??
      actor.facts({ type: 'TaskFailed', v: 1, data: { code: 'agent_gave_up', reason: text, by: command.actor } })
    );
  }
  if (task.spec.review) return rejected('task.wrong_outcome', `A review ends with ${endOf(task.spec.review)}.`);
  if (hasCandidates(task.spec))
    return rejected('task.wrong_outcome', 'Candidates work for this task; it is done when the best of them is merged.');
  // Said twice, true once: the work is with the judges already.
  if (
    task.submitted &&
    (actor.value === 'blocked_on_validation' || actor.value === 'merging' || actor.value === 'done')
  )
    return [];
  const { agentId, attempt } = task;
  return open(actor) ?? submit(actor, { agentId, attempt, summary, outputs, how: 'reported' });
}

function submit(actor: Actor, data: Extract<TaskFact, { type: 'WorkSubmitted' }>['data']): Decision {
  const submitted: TaskFact = { type: 'WorkSubmitted', v: 1, data };
  // An agent can be quicker than the word that it lives.
  if (actor.value !== 'assigned') return actor.facts(submitted);
  const { agentId, attempt } = data;
  return actor.facts({ type: 'TaskStarted', v: 1, data: { agentId, attempt } }, submitted);
}

function pass(command: Extract<TaskCommand, { name: 'pass_validation' }>, actor: Actor): Decision {
  const task = actor.context;
  const { attempt, tree, check, verdict, judge, mutation } = command.input;
  if (attempt !== task.attempt) return stale(actor, attempt);
  if (actor.value === 'merging' || actor.value === 'done') return [];
  const kept = keptTree(tree, task);
  const round = task.rounds + 1;
  const data = { round, check, verdict, ...(judge && { judge }), ...(mutation && { mutation }) };
  const passed: TaskFact = { type: 'ValidationPassed', v: 1, data };
  // What a candidate left is kept; the winner's becomes its parent's work, and that is merged.
  const toMerge = task.spec.changes !== 'none' && !task.spec.candidate && (task.tree ?? tree)?.commit;
  if (toMerge) return actor.facts(...kept, passed);
  return actor.facts(...kept, passed, {
    type: 'TaskCompleted',
    v: 1,
    data: { summary: task.submitted?.summary ?? verdict },
  });
}

/** A tree is kept once; the verdict may bring it along. */
function keptTree(tree: KeptTreeRecord | undefined, task: Task): TaskFact[] {
  return tree && !task.tree ? [{ type: 'TreeKept', v: 1, data: tree }] : [];
}

/** The verdict, and what follows: another round, or the end with everything that was said. */
function again(
  actor: Actor,
  verdict: TaskFact[],
  said: { code: string; feedback: string; correspondence?: Correspondence | undefined },
): Decision {
  const { code, feedback, correspondence } = said;
  const { rounds, spec } = actor.context;
  if (isServersOwn(spec))
    return actor.facts(...verdict, { type: 'TaskFailed', v: 1, data: { code, reason: feedback, by: 'server' } });
  if (rounds + 1 >= spec.roundsMax) {
    const reason = `After ${rounds + 1} rounds the work still does not pass: ${feedback}`;
    return actor.facts(...verdict, failed(code, reason, 'server', correspondence));
  }
  return actor.facts(...verdict, {
    type: 'TaskQueued',
    v: 1,
    data: { because: `round ${rounds + 2} of ${spec.roundsMax}` },
  });
}

function failed(code: string, reason: string, by: string, correspondence: Correspondence | undefined): TaskFact {
  return { type: 'TaskFailed', v: 1, data: { code, reason, by, ...(correspondence && { correspondence }) } };
}

function failAttempt(command: Extract<TaskCommand, { name: 'fail_attempt' }>, actor: Actor): Decision {
  const task = actor.context;
  const { agentId, attempt, code, reason, counts } = command.input;
  if (attempt !== task.attempt) return stale(actor, attempt);
  if (!actor.can('AttemptFailed')) return [];
  const failures = task.failures + (counts ? 1 : 0);
  const pause = counts ? Math.min(task.spec.backoffMs * 2 ** task.failures, BACKOFF_MAX_MS) : 0;
  const failed: TaskFact = {
    type: 'AttemptFailed',
    v: 1,
    data: { agentId, attempt, code, reason, counts, notBefore: command.at + pause },
  };
  if (failures < task.spec.attemptsMax) return actor.facts(failed);
  const all = failures === 1 ? reason : `All ${failures} attempts failed; the last: ${reason}`;
  return actor.facts(failed, { type: 'TaskFailed', v: 1, data: { code, reason: all, by: 'server' } });
}

function restart(command: Extract<TaskCommand, { name: 'restart_task' }>, actor: Actor): Decision {
  if (!ENDED.includes(actor.value))
    return rejected('task.not_ended', `The task is ${wordOf(actor.value)}; only an ended one can be restarted.`);
  const max = command.config.settings.limits.restartsMax;
  if (actor.context.restarts >= max)
    return rejected('task.attempts_exhausted', `The task has been restarted ${max} times already.`);
  return actor.facts({ type: 'TaskRestarted', v: 1, data: { by: command.actor } });
}

export const taskActor = defineActor<Task, TaskFact, TaskCommand>({
  kind: 'task',
  chart: taskChart,
  facts: taskFacts,
  outOfOrder: 'task.out_of_order',
  initial: noTask,
  evolve: evolveTask,
  scope: ({ spec, agentId }) => ({
    repositoryId: spec.repositoryId,
    workflowId: spec.workflowId,
    taskId: spec.taskId,
    ...(agentId && { agentId }),
  }),
  deadlines: [
    {
      name: 'start',
      states: ['assigned'],
      dueAt: (task, settings) => (task.agentId === null ? null : task.since + settings.limits.startMs),
      command: 'fail_attempt',
      input: (task) => overdue(task, 'start_overdue', 'The agent did not come to life in time.'),
    },
    {
      // The holder ends an agent at its wall limit; this one ends the lease of an agent whose holder could not.
      name: 'lease',
      states: ['in_progress'],
      dueAt: (task, settings) => {
        const wallMs = (task.spec.agent && settings.agents[task.spec.agent]?.wallMs) || settings.limits.agentWallMs;
        return task.agentId === null ? null : task.since + wallMs + settings.limits.startMs;
      },
      command: 'fail_attempt',
      input: (task) => overdue(task, 'lease_expired', 'The agent held the task longer than it may.'),
    },
  ],
  decide: decideAndAcknowledge,
});

function overdue(task: Task, code: string, reason: string): Record<string, unknown> {
  return { taskId: task.spec.taskId, agentId: task.agentId, attempt: task.attempt, code, reason, counts: true };
}
