import { plainLine } from '../../../kernel/plain-text.ts';
import { duration, stateWord } from '../../words/index.ts';
import { table } from '../output.ts';

export interface QueueAnswer {
  rows: Record<string, QueueRow>;
  summary: {
    slots?: { used: number; cap: number; perAgent: Record<string, number> };
    fleet?: { status: string; reason: string };
    stoppedAgents?: { agent: string; reason: string }[];
  };
}

interface QueueRow {
  taskId: string;
  title: string;
  phase: string;
  agent: string | null;
  status: string;
  running: boolean;
  agentId: string | null;
  ageMs: number;
  position: number | null;
  reasons: { text: string }[];
}

const WHY_MAX = 100;

/** A row for each open task, with who works on it or why nobody does; then what the fleet has to give. */
export function queueLines({ rows, summary }: QueueAnswer): string[] {
  const tasks = Object.values(rows);
  return [...(tasks.length === 0 ? ['No task is open.'] : taskLines(tasks)), '', ...fleetLines(tasks, summary)];
}

function taskLines(tasks: readonly QueueRow[]): string[] {
  const cells = tasks.map((task) => [
    task.position,
    task.taskId,
    task.title,
    task.phase,
    task.agent,
    stateWord('task', task.status).word,
    duration(task.ageMs),
    task.running ? (task.agentId ?? 'the server') : task.reasons.map(({ text }) => text).join('; '),
  ]);
  return table(['place', 'task', 'title', 'phase', 'agent', 'status', 'for', 'who, or why not'], cells, WHY_MAX);
}

function fleetLines(
  tasks: readonly QueueRow[],
  { slots, fleet, stoppedAgents = [] }: QueueAnswer['summary'],
): string[] {
  const running = tasks.filter((task) => task.running).length;
  const counts = `${tasks.length} open, ${running} of them run`;
  const used = slots ? `; ${slots.used} of ${slots.cap} slots are used` : '';
  const state =
    fleet && fleet.status !== 'open'
      ? [`The fleet is ${stateWord('fleet', fleet.status).word}${because(fleet.reason)}.`]
      : [];
  const stopped = stoppedAgents.map(({ agent, reason }) => `${plainLine(agent)} is stopped${because(reason)}.`);
  return [`${counts}${used}.`, ...state, ...stopped];
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${plainLine(reason).replace(/\.$/, '')}`;
}
