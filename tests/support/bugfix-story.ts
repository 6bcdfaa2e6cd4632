import { type Workflow, type WorkflowDefinition, checkedDefinitionSchema } from '../../src/machines/workflow/index.ts';
import type { TaskSpec } from '../../src/machines/task/index.ts';
import type { Story } from './story.ts';

export const BUGFIX: WorkflowDefinition = checkedDefinitionSchema.parse({
  name: 'bugfix',
  title: 'Repair',
  phases: [
    {
      name: 'investigate',
      goal: 'Know what fails.',
      role: 'investigate',
      starts_with: 'one_task',
      changes: 'none',
      checks: 'none',
    },
    { name: 'fix', goal: 'Each failure is mended.', role: 'fix', checks: 'own_failures' },
    { name: 'verify', goal: 'All is green.', role: 'verify', agent: 'none', changes: 'none', on_red: 'fix' },
  ],
});

export const CHECK = {
  command: 'npm test',
  commit: 'a'.repeat(40),
  status: 'passed' as const,
  exitCode: 0,
  durationMs: 900,
  passed: 12,
  failed: 0,
  skipped: 0,
  resultHash: null,
};

/** The steps of a bug-fix run, each a few commands that the system would send. */
export function bugfix(story: Story) {
  const steps = {
    /** `runnerId`: whose work it is, where several servers share the log; `result`: what the template says of it; `bestOfNId`: what it was started for. */
    start(
      goal = 'Make the tests pass',
      runnerId?: string,
      repository: Partial<Workflow['repository']> = {},
      result?: object,
      bestOfNId?: string,
    ): string {
      const workflowId = story.id('wfl');
      story.send('start_workflow', {
        workflowId,
        definition: result ? checkedDefinitionSchema.parse({ ...BUGFIX, result }) : BUGFIX,
        definitionHash: 'h',
        goal,
        params: {},
        repository: {
          ...{ repositoryId: 'rep_one', path: '/repo', baseBranch: 'main', baseCommit: 'b'.repeat(40) },
          ...repository,
        },
        runBranch: `heph/run-${workflowId}`,
        agent: 'repair',
        check: 'npm test',
        merge: true,
        ...(runnerId !== undefined && { runnerId }),
        ...(bestOfNId !== undefined && { bestOfNId }),
      });
      story.send('record_run_opened', { workflowId, commit: 'b'.repeat(40) });
      story.send('record_baseline', { workflowId, check: { ...CHECK, status: 'failed', exitCode: 1, failed: 3 } });
      return workflowId;
    },
    phase(workflowId: string, phase: string, round = 1): void {
      story.send('start_phase', { workflowId, phase, round });
    },
    over(workflowId: string, phase: string, outcome: 'green' | 'red' | 'empty' = 'green', round = 1): void {
      story.send('complete_phase', { workflowId, phase, round, outcome });
    },
    task(workflowId: string, more: Partial<TaskSpec> = {}): string {
      const taskId = story.id('tsk');
      const phase = more.phase ?? 'fix';
      story.send('create_task', {
        ...{
          taskId,
          workflowId,
          repositoryId: 'rep_one',
          phase,
          role: phase,
          title: 'Mend it',
          description: '',
          inputs: {},
        },
        phaseIndex: BUGFIX.phases.findIndex((one) => one.name === phase),
        priority: 'medium',
        agent: 'repair',
        check: 'npm test',
        checks: 'own_failures',
        changes: 'required',
        allowedTools: [],
        attemptsMax: 2,
        roundsMax: 3,
        backoffMs: 2000,
        parentTaskId: null,
        createdBy: 'operator',
        ...more,
      });
      return taskId;
    },
    queue(taskId: string): void {
      story.send('queue_task', { taskId, because: 'its phase has started' });
    },
    /** A slot, an agent, a living process. */
    work(taskId: string, agent = 'repair', takes?: object): string {
      const { context } = story.actor(`task-${taskId}`) as { context: { spec: TaskSpec; attempt: number } };
      const { workflowId, repositoryId } = context.spec;
      const attempt = context.attempt + 1;
      const agentId = story.id('agt');
      story.send('grant_slot', { agentId, taskId, workflowId, agent, attempt });
      story.send('assign_task', { taskId, agentId, attempt });
      story.send('request_agent', {
        agentId,
        taskId,
        workflowId,
        repositoryId,
        attempt,
        agent,
        runnerId: 'local',
        allowedTools: [],
      });
      story.send('prepare_agent', { agentId, branch: `heph/${taskId}`, commit: 'b'.repeat(40) });
      story.send('record_worktree', { agentId, branch: `heph/${taskId}`, commit: 'b'.repeat(40) });
      story.send('record_start', {
        agentId,
        prompt: { template: 'task', version: 1, hash: 'p', memoryIds: [] },
        started: {
          holderPid: 10,
          pid: 11,
          startedAt: story.now(),
          bootId: 'boot',
          tokenHash: 't',
          ...(takes && { takes }),
        },
      });
      story.send('start_task', { taskId, agentId, attempt });
      return agentId;
    },
    exit(agentId: string, outcome: 'used' | 'unused' | 'died_at_once' = 'used'): void {
      story.send('record_exit', { agentId, exit: { code: 0, signal: null, how: 'exited', livedMs: 5000 } });
      story.send('release_slot', { agentId, outcome });
    },
    /** The agent says done, its tree is kept and found good. */
    finish(taskId: string, agentId: string): void {
      story.send('update_task_status', { taskId, status: 'done', summary: 'Mended.' }, { actor: `agent:${agentId}` });
      steps.exit(agentId);
      steps.keep(taskId);
      const attempt = attemptOf(story, taskId);
      story.send('pass_validation', { taskId, attempt, check: CHECK, verdict: 'Its failures pass.' });
    },
    keep(taskId: string): void {
      const tree = {
        ...{
          turn: 1,
          base: 'b'.repeat(40),
          commit: 'c'.repeat(40),
          tree: 'd'.repeat(40),
          ref: `refs/heph/turns/${taskId}/1`,
        },
        files: [{ path: 'src/a.js', insertions: 1, deletions: 1 }],
        filesMore: 0,
      };
      const { context } = story.actor(`task-${taskId}`) as { context: { agentId: string | null } };
      story.send('record_tree', { taskId, agentId: context.agentId, attempt: attemptOf(story, taskId), tree });
    },
    board(workflowId: string, taskId: string): { trainId: string; candidateId: string } {
      const trainId = `mtr_${workflowId.slice(4)}`;
      const candidateId = story.id('cnd');
      story.send('queue_candidate', {
        trainId,
        train: { trainId, repositoryId: 'rep_one', kind: 'run', branch: `heph/run-${workflowId}`, path: '/repo' },
        candidate: { candidateId, workflowId, taskId, attempt: 1, commit: 'c'.repeat(40), message: 'Mend it' },
      });
      return { trainId, candidateId };
    },
    land(trainId: string, candidateId: string, taskId: string): void {
      story.send('start_merge', { trainId, candidateId });
      story.send('record_merged', {
        trainId,
        candidateId,
        onto: 'b'.repeat(40),
        commit: 'e'.repeat(40),
        tree: 'f'.repeat(40),
      });
      story.send('land_candidate', { trainId, candidateId, base: 'moved', reason: null, check: CHECK });
      story.send('record_merge', { taskId, commit: 'e'.repeat(40), branch: 'heph/run' });
    },
    complete(workflowId: string): void {
      story.send('start_delivery', { workflowId, commit: 'e'.repeat(40) });
      story.send('complete_workflow', {
        workflowId,
        delivery: { runBranch: 'heph/run', commit: 'e'.repeat(40), baseBranch: 'main', base: 'moved', reason: null },
        summary: 'All green.',
      });
    },
  };
  return steps;
}

function attemptOf(story: Story, taskId: string): number {
  return (story.actor(`task-${taskId}`).context as { attempt: number }).attempt;
}
