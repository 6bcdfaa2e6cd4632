import { z } from 'zod';
import { denied, type Failure, HephError, invalid, isFailure } from '../kernel/errors.ts';
import type { KeptTreeRecord } from '../machines/task/index.ts';
import type { TaskDiff } from '../runtime/change/diff.ts';
import { EVERYONE, query, type QueryContext } from './define-queries.ts';
import { fields, withWholeIds, workflowOf } from './fields.ts';
import { readTaskWork, type TaskWork } from './task-work.ts';

/** One side of a comparison. */
export interface DiffSide {
  /** `parent`: the state of the branch before it was merged. */
  kind: 'base' | 'turn' | 'worktree' | 'merged' | 'parent';
  turn: number | null;
  /** A commit; of a worktree the tree that it was read as. Null when nothing was compared. */
  id: string | null;
}

const schema = z.strictObject({
  taskId: fields.taskId,
  since: z
    .enum(['base', 'last_turn'])
    .default('base')
    .describe('All that the task changes, or what came after the turn before'),
  turn: z.number().int().min(1).optional().describe('The work as that turn left it; default: as it is now'),
  path: z.string().min(1).max(4096).optional().describe('Only this file, and more of it'),
  stat: z.boolean().default(false).describe('How many lines of which files, without the lines'),
  at: fields.position.optional().describe('The work as it was kept at that position'),
});

type Asked = z.infer<typeof schema>;

export const getTaskDiff = query({
  v: 1,
  summary: 'What a task changes: from its living worktree while its agent works, else from its kept or merged work.',
  schema,
  roles: EVERYONE,
  cli: 'diff <taskId>',
  example: 'heph diff tsk_01k --since last_turn',
  async run(input, context) {
    const asked = await withWholeIds(input, context);
    if (isFailure(asked)) return asked;
    const { agent, role } = context.principal;
    if (role === 'worker' && agent?.taskId !== asked.taskId)
      return denied('auth.not_yours', 'An agent sees the changes of its own task only.', { taskId: agent?.taskId });
    const known = await workflowOf(`task-${asked.taskId}`, context);
    if (isFailure(known)) return known;
    const position = asked.at === undefined ? await context.store.head() : BigInt(asked.at);
    const work = await readTaskWork(context.store, asked.taskId, position);
    return {
      taskId: asked.taskId,
      since: asked.since,
      ...(await diffOf(asked, work, context)),
      position: `${position}`,
    };
  },
});

type Sides = { from: DiffSide; to: DiffSide };

async function diffOf(asked: Asked, work: TaskWork, context: QueryContext): Promise<Record<string, unknown> | Failure> {
  const turns = work.turns.map(({ turn, commit, base }) => ({ turn, base, commit, changed: commit !== null }));
  const sides = sidesOf(asked, work);
  if (typeof sides === 'string') return { ...nothing(sides), turns };
  if (sides.to.id === sides.from.id && sides.to.kind !== 'worktree')
    return { ...nothing('Nothing differs.'), ...sides, turns };
  try {
    const diff = await read(asked, sides, work, context);
    return { ...answer(diff, sides), turns };
  } catch (error) {
    if (!(error instanceof HephError)) throw error;
    const away = work.runnerId !== null && work.runnerId !== context.work.id;
    if (away && ['worktree.failed', 'diff.not_kept', 'git.failed'].includes(error.code))
      return invalid(
        'agent.elsewhere',
        `The work is with the runner ${work.runnerId}; this server is ${context.work.id}.`,
      );
    if (error.code !== 'worktree.failed' && error.code !== 'diff.not_kept') throw error;
    return { ...nothing(error.message), turns };
  }
}

/** Which two states are compared, or why there is nothing to compare. */
function sidesOf({ turn, since, at }: Asked, work: TaskWork): Sides | string {
  const { task, turns, base, isLiving } = work;
  if (task.spec.agent === null && task.spec.candidates === undefined && turns.length === 0)
    return 'The server does this task itself; it changes no files of its own.';
  if (turn !== undefined) {
    const kept = turns.find((one) => one.turn === turn);
    if (!kept) return `Turn ${turn} kept nothing; ${keptTurns(turns)}.`;
    return { from: startOf(since, kept.base, before(turns, turn)), to: sideOf(kept) };
  }
  const last = turns.at(-1);
  if (isLiving && at === undefined && base !== null)
    return { from: startOf(since, base, last), to: { kind: 'worktree', turn: task.attempt, id: null } };
  if (last) return { from: startOf(since, last.base, before(turns, last.turn)), to: sideOf(last) };
  if (task.merged !== null) return mergedSides(task.merged);
  if (isLiving) return 'No turn had ended at that moment; what lay in the worktree then is not recorded.';
  if (task.attempt === 0) return 'No agent has begun with it.';
  return base === null ? 'Its worktree is not ready yet.' : 'Its worktree is gone, and no turn of it was kept.';
}

function keptTurns(turns: readonly KeptTreeRecord[]): string {
  return turns.length === 0 ? 'no turn was kept yet' : `kept are ${turns.map(({ turn }) => turn).join(', ')}`;
}

function before(turns: readonly KeptTreeRecord[], turn: number): KeptTreeRecord | undefined {
  return turns.filter((one) => one.turn < turn).at(-1);
}

function sideOf({ turn, commit, base }: KeptTreeRecord): DiffSide {
  return { kind: 'turn', turn, id: commit ?? base };
}

/** A turn that began anew elsewhere has nothing before it that it goes on from. */
function startOf(since: Asked['since'], base: string, earlier: KeptTreeRecord | undefined): DiffSide {
  if (since === 'last_turn' && earlier?.base === base) return sideOf(earlier);
  return { kind: 'base', turn: null, id: base };
}

function mergedSides(commit: string): Sides {
  return { from: { kind: 'parent', turn: null, id: null }, to: { kind: 'merged', turn: null, id: commit } };
}

async function read({ taskId, path, stat }: Asked, sides: Sides, work: TaskWork, context: QueryContext) {
  const { repositoryId } = work.task.spec;
  const request = { taskId, repositoryId, patches: !stat, ...(path !== undefined && { path }) };
  const base = work.base ?? (sides.from.id as string);
  try {
    return await context.work.readDiff({ ...request, base, from: sides.from.id, to: sides.to.id });
  } catch (error) {
    // What was kept may have been pruned; what was merged stays.
    const { merged } = work.task;
    if (!(error instanceof HephError) || error.code !== 'diff.not_kept' || merged === null) throw error;
    Object.assign(sides, mergedSides(merged));
    return await context.work.readDiff({ ...request, base, from: null, to: merged });
  }
}

function answer({ from, to, files, filesMore }: TaskDiff, sides: Sides): Record<string, unknown> {
  const sum = (key: 'additions' | 'deletions') => files.reduce((all, file) => all + (file[key] ?? 0), 0);
  return {
    from: { ...sides.from, id: from },
    to: { ...sides.to, id: to },
    live: sides.to.kind === 'worktree',
    reason: files.length === 0 ? 'Nothing differs.' : null,
    ...{ additions: sum('additions'), deletions: sum('deletions') },
    ...{ files, filesMore },
  };
}

function nothing(reason: string): Record<string, unknown> {
  return { from: null, to: null, live: false, reason, additions: 0, deletions: 0, files: [], filesMore: 0 };
}
