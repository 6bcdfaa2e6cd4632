import { Fault } from '../kernel/errors.ts';
import {
  isServersOwn,
  type JudgeRecord,
  type KeptTreeRecord,
  type MutationSummary,
  type Task,
} from '../machines/task/index.ts';
import type { CheckSummary, Workflow } from '../machines/workflow/index.ts';
import { lastWord } from './correspondence.ts';
import { type Hands, type Obligation, type Process, settled } from './define-process.ts';
import { judgeWork } from './judging.ts';
import { askForReview, awaitReview, closeReview } from './reviewing.ts';
import { seekSurvivors } from './survivors.ts';
import { type Entity, isEndedAgent } from './entity.ts';
import type { World } from './world.ts';

/**
 * May the work be believed? When the agent is gone, what it left is kept as a commit, the repository's checks run on
 * that commit, and the verdict is recorded with what it rests on.
 */
const FILES_LISTED_MAX = 200;

export const validation: Process = {
  name: 'validation',
  concurrency: (world) => world.settings.limits.checksAtOnce,
  obligations(entity, world) {
    if (entity.kind !== 'task') return [];
    const task = entity as Entity<Task>;
    if (task.context.spec.review) return closeReview(task, world);
    if (task.value !== 'blocked_on_validation') return [];
    const workflow = world.workflows.get(task.context.spec.workflowId)?.context;
    if (!workflow || !isOver(task, world)) return [];
    const { attempt, tree } = task.context;
    const giveUp: Obligation['giveUp'] = async ({ send }, error) =>
      void (await settled(
        send('fail_task', {
          taskId: task.id,
          code: error.code,
          reason: `The work could not be judged: ${error.message}`,
        }),
      ));
    if (task.context.review) return awaitReview(task, workflow, world, giveUp);
    // Never more of them than agents, and a check that takes minutes must not hold them up.
    if (!tree)
      return [{ key: `keep:${task.id}:${attempt}`, light: true, act: (hands) => keep(task, workflow, hands), giveUp }];
    return [{ key: `judge:${task.id}:${attempt}`, act: (hands) => validate(task, tree, workflow, hands), giveUp }];
  },
};

/** A tree that somebody still writes to is not judged. */
function isOver(task: Entity<Task>, world: World): boolean {
  const agent = world.agents.get(task.context.agentId ?? '');
  return !agent || isEndedAgent(agent);
}

async function keep(task: Entity<Task>, workflow: Workflow, hands: Hands): Promise<void> {
  const { spec, attempt, agentId } = task.context;
  const tree = agentId === null ? await tipOf(workflow, attempt, hands) : await leftBy(task, workflow, hands);
  if (verdictWithoutCheck(task, tree)) await validate(task, tree, workflow, hands);
  else await settled(hands.send('record_tree', { taskId: spec.taskId, agentId, attempt, tree }));
}

/** Of some trees nothing needs to be run to judge them: the verdict is then recorded with them. */
function verdictWithoutCheck({ context: { spec } }: Entity<Task>, tree: KeptTreeRecord): 'no_change' | 'none' | null {
  if (spec.changes === 'required' && tree.commit === null) return 'no_change';
  return spec.checks === 'none' ? 'none' : null;
}

/** The server's own tasks judge the run's branch as it is. */
async function tipOf(workflow: Workflow, turn: number, { runner }: Hands): Promise<KeptTreeRecord> {
  const { repositoryId, baseCommit } = workflow.repository;
  const tip = await runner.readBranch({ repositoryId, branch: workflow.runBranch });
  if (!tip) throw new Fault('git.failed', `The run's branch ${workflow.runBranch} is gone from the mirror.`);
  return { turn, base: baseCommit, commit: tip, tree: tip, ref: null, files: [], filesMore: 0 };
}

async function leftBy(task: Entity<Task>, workflow: Workflow, { world, runner }: Hands): Promise<KeptTreeRecord> {
  const { taskId, repositoryId } = task.context.spec;
  const turn = turnOf(task, workflow, world);
  const kept = await runner.keepTree({ taskId, repositoryId, ...turn });
  return {
    turn: turn.turn,
    base: turn.base,
    commit: kept.commit,
    tree: kept.tree,
    ref: kept.ref,
    files: kept.files.slice(0, FILES_LISTED_MAX),
    filesMore: Math.max(0, kept.files.length - FILES_LISTED_MAX),
  };
}

function turnOf(task: Entity<Task>, workflow: Workflow, world: World) {
  const { spec, attempt, agentId, submitted } = task.context;
  const base = world.agents.get(agentId ?? '')?.context.base ?? workflow.repository.baseCommit;
  const message = `${spec.title}\n\n${submitted?.summary ?? ''}\n\nTask: ${spec.taskId}\nRun: ${workflow.workflowId}\n`;
  return { turn: attempt, base, message };
}

/** Work that an agent has handed in and that lies in its worktree alone: how it is to be kept. */
export function handedIn(task: Entity<Task>, workflow: Workflow, world: World): ReturnType<typeof turnOf> | null {
  const { agentId, tree } = task.context;
  const lies = task.value === 'blocked_on_validation' && agentId !== null && !tree;
  return lies ? turnOf(task, workflow, world) : null;
}

type Seen = { judge?: JudgeRecord; mutation?: MutationSummary };

async function validate(task: Entity<Task>, tree: KeptTreeRecord, workflow: Workflow, hands: Hands): Promise<void> {
  const { spec, attempt } = task.context;
  const judged = task.context.tree === null ? { tree } : {};
  const pass = (check: CheckSummary | null, verdict: string, seen: Seen = {}) =>
    askForReview(task, workflow, { ...judged, ...seen, check, verdict }, hands) ??
    settled(hands.send('pass_validation', { taskId: task.id, attempt, ...judged, ...seen, check, verdict }));
  const fail = async (check: CheckSummary | null, code: string, feedback: string, seen: Seen = {}) => {
    const last = await lastWord(task.context, { code, feedback }, hands.blobs);
    const verdict = { taskId: task.id, attempt, ...judged, ...seen, check, code, feedback, ...last };
    return settled(hands.send('fail_validation', verdict));
  };

  switch (verdictWithoutCheck(task, tree)) {
    case 'no_change':
      await fail(null, 'no_change', 'Nothing was changed, and this phase asks for a change.');
      return;
    case 'none':
      await pass(null, 'no check is asked of this phase');
      return;
  }
  const commit = tree.commit ?? tree.base;
  // The same tree under the same command is judged once; the server's own task runs its check anew each time.
  const key = isServersOwn(spec) ? ['task', task.id, String(attempt), commit] : ['tree', tree.tree];
  const { verdict, check, ...by } = await judgeWork({ spec, tree, key }, workflow, hands);
  if (!verdict.pass) return void (await fail(check, verdict.code, verdict.text, by));
  const tested = await seekSurvivors(task.context, tree, workflow, hands);
  if (!tested) return void (await pass(check, verdict.text, by));
  const seen = { ...by, mutation: tested.mutation };
  if (tested.pass) await pass(check, `${verdict.text} ${tested.text}`, seen);
  else await fail(check, tested.code, tested.text, seen);
}
