import { deriveId } from '../kernel/ids.ts';
import {
  type BestOfN,
  type BestOfNCandidate,
  briefOf,
  type BuildEnd,
  prospectsOf,
  repairVariation,
  settledWinner,
} from '../machines/best-of-n/index.ts';
import type { Task, TaskSpec } from '../machines/task/index.ts';
import { type Hands, type Obligation, settled } from './define-process.ts';
import { type Entity, isEndedTask } from './entity.ts';
import { fenced } from './prompt.ts';
import type { World } from './world.ts';

/**
 * The candidates of a best-of-N: each a task of its own beside the one that it works for, with its own agent, and judged by
 * the same checks. One that dies has failed: there are others, so nothing is tried twice.
 */

/** What a candidate may not do: open tasks that would be merged whoever wins. */
const WITHHELD_TOOLS = new Set(['create_task']);

/** What is owed while candidates are built. */
export function ofCandidates(contest: Entity<BestOfN>, world: World, now: number): Obligation[] {
  const { candidates, workflowId } = contest.context;
  const isActive = world.workflows.get(workflowId ?? '')?.value === 'active';
  const open = candidates.filter(({ end }) => end === null);
  const begin = isActive ? open.filter(({ taskId }) => taskId === null).map((one) => build(contest, one)) : [];
  return [...begin, ...open.flatMap((one) => ofBuilt(contest, one, world)), ...stopEarly(contest, world, now)];
}

function build(contest: Entity<BestOfN>, candidate: BestOfNCandidate): Obligation {
  const { id: bestOfNId } = contest;
  const { index } = candidate;
  const taskId = deriveId('tsk', [bestOfNId, String(index)], bestOfNId);
  return {
    key: `build:${bestOfNId}:${index}`,
    light: true,
    async act({ world, send }) {
      const parent = world.tasks.get(contest.context.taskId ?? '');
      if (!parent) return;
      await settled(send('create_candidate', { ...specOf(taskId, contest, candidate, parent.context) }));
      await settled(send('record_build_started', { bestOfNId, index, taskId }));
    },
    giveUp: async ({ send }, error) =>
      void (await settled(
        send('record_build_ended', {
          ...{ bestOfNId, index, ...NOTHING_BUILT, outcome: 'died' },
          reason: `It could not be begun: ${error.message}`,
        }),
      )),
  };
}

const NOTHING_BUILT = {
  commit: null,
  tree: null,
  changedLines: 0,
  check: null,
  buildMs: 0,
  testMs: 0,
  costUsd: null,
};

function specOf(taskId: string, contest: Entity<BestOfN>, candidate: BestOfNCandidate, parent: Task): TaskSpec {
  const { candidates: _parents, phaseRuns: _queuedAtOnce, ...inherited } = parent.spec;
  const { index, directive } = candidate;
  const { agent, model } = directive.parameters;
  const before = parent.feedback ? `\n\nThe best of an earlier round was not taken:\n\n${fenced(parent.feedback)}` : '';
  return {
    ...inherited,
    taskId,
    title: `${parent.spec.title} (variant ${index})`,
    description: `${briefOf(directive)}${before}`,
    inputs: {
      ...parent.spec.inputs,
      // The built-in agent reads these and no prompt.
      ...(agent === 'repair' && { variation: repairVariation(directive.parameters) }),
    },
    agent,
    ...(model !== null && { model }),
    allowedTools: parent.spec.allowedTools.filter((tool) => !WITHHELD_TOOLS.has(tool)),
    attemptsMax: 1,
    parentTaskId: parent.spec.taskId,
    createdBy: 'process:best-of-n',
    candidate: { bestOfNId: contest.id, index, base: contest.context.base ?? '' },
  };
}

/** The end of its task is its end. */
function ofBuilt({ id: bestOfNId }: Entity<BestOfN>, { index, taskId }: BestOfNCandidate, world: World): Obligation[] {
  const task = world.tasks.get(taskId ?? '');
  if (!task || !isEndedTask(task)) return [];
  const end = endOf(index, task, world);
  return [
    {
      key: `built:${bestOfNId}:${index}`,
      light: true,
      act: async ({ send }) => void (await settled(send('record_build_ended', { bestOfNId, ...end }))),
    },
  ];
}

function endOf(index: number, task: Entity<Task>, world: World): BuildEnd {
  const { tree, check, judge } = task.context;
  const files = tree?.files ?? [];
  const lines = files.reduce((sum, { insertions, deletions }) => sum + Math.max(1, insertions + deletions), 0);
  const runs = judge ? [judge.own.check, ...(judge.original ? [judge.original.check] : [])] : check ? [check] : [];
  return {
    index,
    ...outcomeOf(task),
    commit: tree?.commit ?? null,
    tree: tree?.commit ? tree.tree : null,
    changedLines: lines + (tree?.filesMore ?? 0),
    check,
    ...spentOn(task, world, task.last.at),
    // Whoever comes second, and finds what the first has tested, has not been quicker by that.
    testMs: runs.reduce((sum, { durationMs, checksMs = durationMs }) => sum + checksMs, 0),
  };
}

function outcomeOf({ value, context }: Entity<Task>): Pick<BuildEnd, 'outcome' | 'reason'> {
  const { reason, tree, failures, spec } = context;
  const why = reason ?? '';
  switch (value) {
    case 'done':
      return tree?.commit
        ? { outcome: 'passed', reason: '' }
        : { outcome: 'failed', reason: 'It changed nothing, so there is nothing to take.' };
    case 'cancelled':
      return { outcome: 'withdrawn', reason: why || 'It was cancelled.' };
    default:
      return { outcome: failures >= spec.attemptsMax ? 'died' : 'failed', reason: why };
  }
}

/** How long its agents have worked up to a moment, and what they say they have cost. */
function spentOn(task: Entity<Task>, world: World, until: number): { buildMs: number; costUsd: number | null } {
  const { inputTokens, outputTokens, costUsd, wallMs } = task.context.usage;
  const buildMs = world.agentsOf(task.id).reduce((sum, { context: { started, end } }) => {
    const living = started ? Math.max(0, until - started.startedAt) : 0;
    return sum + (end ? end.livedMs : living);
  }, 0);
  return { buildMs, costUsd: inputTokens + outputTokens + costUsd + wallMs > 0 ? costUsd : null };
}

/** So far ahead it is looked when time alone settles the outcome, since whoever still works only loses by it. */
const AHEAD_MS = 24 * 3_600_000;
const EXACT_MS = 500;

/** Whether the outcome can still change is decided by the actor; it is asked when it seems settled from here. */
function stopEarly(contest: Entity<BestOfN>, world: World, now: number): Obligation[] {
  const { spec, candidates } = contest.context;
  if (!spec?.earlyStop) return [];
  const isSettled = (at: number) =>
    settledWinner(prospectsOf(contest.context, spec.weights, (index) => spent(index, at))) !== null;
  const spent = (index: number, at: number) => {
    const task = world.tasks.get(candidates[index]?.taskId ?? '');
    return task ? spentOn(task, world, at) : { buildMs: 0, costUsd: null };
  };
  const waitMs = settledAfter((ms) => isSettled(now + ms));
  if (waitMs === null) return [];
  return [
    {
      key: `early:${contest.id}`,
      light: true,
      ...(waitMs > 0 && { notBefore: now + waitMs }),
      async act({ clock, send }: Hands) {
        const open = candidates
          .filter(({ end }) => end === null)
          .map(({ index }) => ({ index, ...spent(index, clock.now()) }));
        await settled(send('stop_early', { bestOfNId: contest.id, open }));
      },
    },
  ];
}

/** After how long something holds that goes on holding; null when it does not within a day. */
function settledAfter(holds: (ms: number) => boolean): number | null {
  if (holds(0)) return 0;
  if (!holds(AHEAD_MS)) return null;
  let [before, after] = [0, AHEAD_MS];
  while (after - before > EXACT_MS) {
    const middle = Math.floor((before + after) / 2);
    if (holds(middle)) after = middle;
    else before = middle;
  }
  return after;
}

/** A candidate that nobody waits for any more: its best-of-N has ended, or has its winner. */
export function closeCandidate(task: Entity<Task>, world: World): Obligation[] {
  const { candidate } = task.context.spec;
  const contest = world.bestOfNs.get(candidate?.bestOfNId ?? '');
  const own = contest?.context.candidates[candidate?.index ?? -1];
  if (contest?.value === 'building' && own?.end === null) return [];
  const reason = own?.end?.reason || `Its best-of-N ${contest ? `is ${contest.value}` : 'is not known any more'}.`;
  return [
    {
      key: `close:${task.id}`,
      light: true,
      act: async ({ send }) => void (await settled(send('cancel_task', { taskId: task.id, reason }))),
    },
  ];
}
