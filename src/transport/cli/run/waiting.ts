/** A task of the queue view that does not run, with the recorded facts that keep it. */
export interface WaitingTask {
  taskId: string;
  title: string;
  running: boolean;
  reasons: { code: string; text: string }[];
}

/** Reasons that no event of the workflow itself will ever end: a person must resume the fleet. */
const STANDSTILL = new Set(['fleet_stopped', 'agent_stopped']);

/**
 * Whether nothing of the workflow moves and everything that waits, waits for a person, or for the end of a phase that does;
 * with the reasons, each once.
 */
export function standstillOf(tasks: readonly WaitingTask[]): string[] | null {
  const stuck = tasks.flatMap((task) => task.reasons.filter((reason) => STANDSTILL.has(reason.code)));
  const stands = (task: WaitingTask) =>
    !task.running && task.reasons.some(({ code }) => STANDSTILL.has(code) || code === 'phase_not_started');
  return stuck.length > 0 && tasks.every(stands) ? [...new Set(stuck.map((reason) => reason.text))] : null;
}

/** A line for each waiting task. */
export function waitingLines(tasks: readonly WaitingTask[]): string[] {
  return tasks.flatMap((task) => {
    const texts = task.reasons.map((reason) => reason.text);
    return task.running || texts.length === 0 ? [] : [`${task.title} waits: ${texts.join('; ')}`];
  });
}

interface QueueRow {
  taskId: string;
  workflowId: string;
  title: string;
  running: boolean;
  reasons?: { code: string; text: string }[];
}

/** The open tasks of a workflow as the queue view has them. */
export function waitingIn(view: { rows: Record<string, unknown> }, workflowId: string): WaitingTask[] {
  return (Object.values(view.rows) as QueueRow[])
    .filter((row) => row.workflowId === workflowId)
    .map(({ taskId, title, running, reasons = [] }) => ({
      taskId,
      title,
      running,
      reasons: reasons.map(({ code, text }) => ({ code, text })),
    }));
}
