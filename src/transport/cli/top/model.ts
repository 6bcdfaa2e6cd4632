import { plainLine } from '../../../kernel/plain-text.ts';
import type { CachedView } from '../../stream-client/index.ts';
import { count, reasonWord, stateWord, type Tone } from '../../words/index.ts';

/** The fleet at a moment, as `heph top` shows it: what needs a person, who works, and what waits and why. Text of others is safe to print. */
export interface Top {
  matters: TopMatter[];
  agents: TopAgent[];
  waiting: TopTask[];
  /** One line each: what is to be known of the whole. The first is always there. */
  notes: TopNote[];
}

export interface TopMatter {
  matterId: string;
  title: string;
  text: string;
  /** Whether something stands still until it is settled. */
  blocks: boolean;
  /** Milliseconds since the Unix epoch. */
  since: number;
  /** A command that would settle it; null where none is known. */
  next: string | null;
}

export interface TopAgent {
  agentId: string;
  agent: string;
  /** As recorded. */
  status: string;
  taskId: string;
  title: string;
  phase: string;
  /** Milliseconds since the Unix epoch: since when it is in this state. */
  since: number;
  /** Null: nothing was reported. */
  tokens: number | null;
  costUsd: number | null;
}

export interface TopTask {
  taskId: string;
  title: string;
  phase: string;
  status: string;
  since: number;
  /** In the line; null where it stands in none. */
  place: number | null;
  reason: string;
}

export interface TopNote {
  text: string;
  tone: Tone;
}

interface AgentRow {
  agentId: string;
  agent: string;
  status: string;
  taskId: string;
  living: boolean;
  evidence: { at: number };
  usage: { inputTokens: number; outputTokens: number; costUsd: number } | null;
}

interface TaskRow {
  taskId: string;
  title: string;
  phase: string;
  status: string;
  running: boolean;
  position: number | null;
  evidence: { at: number };
  reasons: { code: string; text: string }[];
}

interface MatterRow {
  matterId: string;
  title: string;
  text: string;
  blocks: boolean;
  evidence: { at: number };
  steps: { shell: string }[];
}

interface Summary {
  slots?: { used: number; cap: number };
  fleet?: { status: string; reason: string };
  stoppedAgents?: { agent: string; reason: string }[];
}

const TEXT_MAX = 200;
const safe = (text: string) => plainLine(text, TEXT_MAX);

/** The views as they are cached. */
export interface TopViews {
  fleet: CachedView;
  queue: CachedView;
  inbox: CachedView;
}

export function topOf({ fleet, queue, inbox }: TopViews): Top {
  const matters = rowsOf<MatterRow>(inbox).map(matterOf);
  const tasks = new Map(rowsOf<TaskRow>(queue).map((task) => [task.taskId, task]));
  const living = rowsOf<AgentRow>(fleet).filter((agent) => agent.living);
  const agents = living.map((agent) => agentOf(agent, tasks.get(agent.taskId))).sort(byNeed);
  const waiting = [...tasks.values()].filter((task) => !task.running).map(waitingTask);
  const notes = notesOf({ matters, agents, waiting }, { ...queue.summary, ...fleet.summary }, [fleet, queue, inbox]);
  return { matters, agents, waiting, notes };
}

function rowsOf<T>({ rows }: CachedView): T[] {
  return Object.values(rows).map(({ row }) => row as unknown as T);
}

function matterOf({ matterId, title, text, blocks, evidence, steps }: MatterRow): TopMatter {
  const [step] = steps;
  return {
    matterId,
    title: safe(title),
    text: safe(text),
    blocks,
    since: evidence.at,
    next: step ? safe(step.shell) : null,
  };
}

function agentOf(row: AgentRow, task: TaskRow | undefined): TopAgent {
  const { agentId, agent, status, taskId, evidence, usage } = row;
  return {
    ...{ agentId, agent: safe(agent), status, taskId, since: evidence.at },
    title: safe(task?.title ?? taskId),
    phase: safe(task?.phase ?? ''),
    tokens: usage && usage.inputTokens + usage.outputTokens,
    costUsd: usage && usage.costUsd,
  };
}

/** Those who need somebody first, then in the order in which they came. */
function byNeed(a: TopAgent, b: TopAgent): number {
  const rank = ({ status }: TopAgent) => (stateWord('agent', status).tone === 'attention' ? 0 : 1);
  return rank(a) - rank(b);
}

function waitingTask(row: TaskRow): TopTask {
  const { taskId, title, phase, status, position, evidence, reasons } = row;
  const [first, ...more] = reasons;
  const others = more.length > 0 ? ` and ${count(more.length, 'more reason')}` : '';
  const reason = first ? `${reasonWord(first.code)}: ${safe(first.text)}${others}` : stateWord('task', status).word;
  return { taskId, title: safe(title), phase: safe(phase), status, since: evidence.at, place: position, reason };
}

function notesOf(
  { matters, agents, waiting }: Omit<Top, 'notes'>,
  { slots, fleet, stoppedAgents = [] }: Summary,
  views: readonly CachedView[],
): TopNote[] {
  const used = slots ? `, ${slots.used} of ${slots.cap} slots used` : '';
  const notes: TopNote[] = [
    { text: `${count(agents.length, 'agent')}${used}, ${count(waiting.length, 'task')} waiting`, tone: 'ended' },
  ];
  if (matters.length > 0) notes.push({ text: `${count(matters.length, 'matter')} for you`, tone: 'attention' });
  if (fleet && fleet.status !== 'open') {
    const { word, tone } = stateWord('fleet', fleet.status);
    notes.push({ text: `The fleet is ${word}${because(fleet.reason)}`, tone });
  }
  for (const { agent, reason } of stoppedAgents)
    notes.push({ text: `Agents named ${safe(agent)} are stopped${because(reason)}`, tone: 'attention' });
  if (views.some(({ degraded }) => degraded))
    notes.push({ text: 'Some events could not be read, so parts are missing', tone: 'unknown' });
  return notes;
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${safe(reason)}`;
}
