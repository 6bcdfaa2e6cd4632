/** An event as it comes over the wire: a position in decimal, everything else as it was stored. */
export interface WireEvent {
  id: string;
  stream: string;
  revision: number;
  position: string;
  type: string;
  v: number;
  at: number;
  data: Record<string, unknown>;
  /** What it means, in a sentence. */
  text?: string;
  meta: {
    actor: string;
    scope?: { workflowId?: string; taskId?: string; agentId?: string };
    from?: string;
    to?: string;
  };
}

export interface Check {
  command: string;
  status: string;
  durationMs: number;
  passed: number | null;
  failed: number | null;
  /** So many of its checks were answered from the cache. */
  cache?: { cached: number; checks: number };
}

export interface TaskStory {
  taskId: string;
  title: string;
  phase: string;
  status: string;
  agent: string | null;
  attempts: number;
  summary: string | null;
  reason: string | null;
  code: string | null;
  /** The tests that it was created to mend. */
  failures: { file: string; name: string }[];
  /** How many candidates work for it instead of one agent; null: none. */
  candidates: number | null;
  /** Which variant of a best-of-N it is; null: it is no candidate. */
  candidate: { bestOfNId: string; index: number } | null;
  /** Each verdict that sent the work back, and whether its agent is known to have got it. */
  rounds: { code: string; feedback: string; acknowledged: boolean }[];
  files: { path: string; insertions: number; deletions: number }[];
  /** The merge commit that holds its work. */
  commit: string | null;
}

export interface ResultStory {
  submission: number;
  status: 'submitted' | 'in_review' | 'accepted' | 'rejected';
  summary: string;
  by: string;
  commit: string;
  criteria: { criterion: string; verdict: string; evidence: string }[];
  feedback: string | null;
}

export interface Delivery {
  runBranch: string;
  commit: string | null;
  baseBranch: string;
  base: 'moved' | 'left' | 'not_asked';
  reason: string | null;
}

export interface Story {
  workflowId: string;
  title: string;
  goal: string;
  repository: { path: string; baseBranch: string; baseCommit: string };
  runBranch: string;
  check: string | null;
  baseline: Check | null;
  tasks: Map<string, TaskStory>;
  /** The best-of-Ns whose candidates worked in it. */
  contests: Set<string>;
  outcome: 'open' | 'completed' | 'failed' | 'cancelled';
  reason: string | null;
  code: string | null;
  summary: string | null;
  /** The last submission of the run's result. */
  result: ResultStory | null;
  delivery: Delivery | null;
  startedAt: number;
  /** When the last event was recorded, and where. */
  at: number;
  position: string;
}

export function newStory(workflowId: string): Story {
  return {
    workflowId,
    title: '',
    goal: '',
    repository: { path: '', baseBranch: '', baseCommit: '' },
    runBranch: '',
    check: null,
    baseline: null,
    tasks: new Map(),
    contests: new Set(),
    outcome: 'open',
    reason: null,
    code: null,
    summary: null,
    result: null,
    delivery: null,
    startedAt: 0,
    at: 0,
    position: '0',
  };
}

const CONTESTS = 'bestOfN-';

/** Adds one event of the workflow; events of other kinds only move the time. */
export function tell(story: Story, event: WireEvent): void {
  story.at = event.at;
  story.position = event.position;
  if (event.stream.startsWith('workflow-')) tellWorkflow(story, event);
  else if (event.stream.startsWith('task-')) tellTask(story, event);
  else if (event.stream.startsWith(CONTESTS)) story.contests.add(event.stream.slice(CONTESTS.length));
}

function tellWorkflow(story: Story, { type, data, at }: WireEvent): void {
  switch (type) {
    case 'WorkflowStarted': {
      const { definition, repository, runBranch, goal, check, workflowId } = data as unknown as Story & {
        definition: { title: string };
      };
      Object.assign(story, { workflowId, title: definition.title, repository, runBranch, goal, check, startedAt: at });
      return;
    }
    case 'ResultSubmitted':
    case 'ResultReviewRequested':
    case 'ResultAccepted':
    case 'ResultRejected':
      return tellResult(story, type, data);
    case 'BaselineRecorded':
      story.baseline = data.check as Check;
      return;
    case 'WorkflowCompleted':
      Object.assign(story, { outcome: 'completed', delivery: data.delivery, summary: data.summary });
      return;
    case 'WorkflowFailed':
      Object.assign(story, { outcome: 'failed', delivery: data.delivery, reason: data.reason, code: data.code });
      return;
    case 'WorkflowCancelled':
      Object.assign(story, { outcome: 'cancelled', reason: data.reason || null });
  }
}

function tellResult(story: Story, type: string, data: Record<string, unknown>): void {
  if (type === 'ResultSubmitted') {
    const { submission, summary, by, commit } = data as unknown as ResultStory;
    story.result = { submission, summary, by, commit, status: 'submitted', criteria: [], feedback: null };
    return;
  }
  if (!story.result) return;
  const status = type === 'ResultAccepted' ? 'accepted' : type === 'ResultRejected' ? 'rejected' : 'in_review';
  const feedback = (data.feedback as string | undefined) ?? null;
  Object.assign(story.result, { status, criteria: data.criteria, feedback });
}

function tellTask(story: Story, { type, data, stream, meta }: WireEvent): void {
  const taskId = stream.slice('task-'.length);
  if (type === 'TaskCreated') story.tasks.set(taskId, newTask(taskId, data));
  const task = story.tasks.get(taskId);
  if (!task) return;
  if (meta.to) task.status = meta.to;
  switch (type) {
    case 'TaskAssigned':
      task.attempts = data.attempt as number;
      return;
    case 'WorkSubmitted':
      task.summary = (data.summary as string) || task.summary;
      return;
    case 'TreeKept':
      task.files = data.files as TaskStory['files'];
      return;
    case 'TaskMerged':
      Object.assign(task, { commit: data.commit, reason: null, code: null });
      return;
    case 'TaskCompleted':
      Object.assign(task, { summary: data.summary || task.summary, reason: null, code: null });
      return;
    case 'ValidationFailed':
    case 'WorkSentBack':
      Object.assign(task, { reason: data.feedback, code: data.code });
      task.rounds.push({ code: String(data.code), feedback: String(data.feedback), acknowledged: false });
      return;
    case 'FeedbackAcknowledged': {
      const last = task.rounds.at(-1);
      if (last) last.acknowledged = true;
      return;
    }
    case 'TaskRestarted':
      task.rounds = [];
      return;
    case 'AttemptFailed':
    case 'TaskFailed':
    case 'TaskCancelled':
      Object.assign(task, { reason: data.reason || null, code: data.code ?? null });
  }
}

function newTask(taskId: string, data: Record<string, unknown>): TaskStory {
  const { title, phase, agent, inputs, candidates, candidate } = data as {
    title: string;
    phase: string;
    agent: string | null;
    inputs?: { failures?: unknown };
    candidates?: { n: number };
    candidate?: { bestOfNId: string; index: number };
  };
  const failures = failuresIn(inputs?.failures);
  return {
    taskId,
    title,
    phase,
    agent,
    failures,
    candidates: candidates?.n ?? null,
    candidate: candidate ? { bestOfNId: candidate.bestOfNId, index: candidate.index } : null,
    rounds: [],
    status: 'pending',
    attempts: 0,
    summary: null,
    reason: null,
    code: null,
    files: [],
    commit: null,
  };
}

/** Inputs are whatever an agent wrote, so each part is looked at. */
function failuresIn(value: unknown): TaskStory['failures'] {
  if (!Array.isArray(value)) return [];
  return value.map((one: string | { file?: unknown; name?: unknown; id?: unknown } | null) => {
    if (typeof one === 'string') return { file: '', name: one };
    return { file: String(one?.file ?? ''), name: String(one?.name ?? one?.id ?? '') };
  });
}

/** The commits that merged something, in order, each once. */
export function mergeCommits(story: Story): string[] {
  const commits = [...story.tasks.values()].map((task) => task.commit);
  return [...new Set([...commits, story.delivery?.commit ?? null].filter((commit) => commit !== null))];
}
