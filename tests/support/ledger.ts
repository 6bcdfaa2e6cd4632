import type { Exported } from './exported.ts';

/** What the server has answered to a command; kept outside of it. */
export interface Acknowledged {
  commandId: string;
  /** Of the command's last event. */
  position: string;
  /** The types of its events. */
  events: string[];
}

/**
 * Which acknowledged commands the log does not hold as they were acknowledged: its events up to the answer's position are
 * those of the answer, and the first of them carries the command.
 */
export function missingFrom(log: readonly Exported[], acknowledged: readonly Acknowledged[]): string[] {
  return acknowledged.flatMap(({ commandId, position, events }) => {
    const found = log.slice(Number(position) - events.length, Number(position));
    const wrong = [
      events.length === 0 && 'names no event',
      found.map((event) => event.type).join() !== events.join() && `is not at position ${position}`,
      found.at(-1)?.position !== position && 'is behind a gap',
      found[0]?.meta.command?.id !== commandId && `is another command than ${found[0]?.meta.command?.id}`,
    ].filter(Boolean);
    return wrong.map((reason) => `${commandId} ${reason}`);
  });
}

/** Facts of which there is one for each thing that they are about, whatever happened to the server. */
const ONCE: Record<string, (event: Exported) => string> = {
  AgentStarted: (event) => event.stream,
  AgentExited: (event) => event.stream,
  SlotGranted: (event) => String(event.data.agentId),
  TaskCreated: (event) => event.stream,
  CandidateQueued: (event) => String(event.data.candidateId),
  CandidateLanded: (event) => String(event.data.candidateId),
  TaskMerged: (event) => event.stream,
  DeliveryStarted: (event) => event.stream,
  WorkflowCompleted: (event) => event.stream,
};

/** Effects that are in the log twice, as facts or as commands under one idempotency key. */
export function doubledIn(log: readonly Exported[]): string[] {
  const seen = new Set<string>();
  return log.flatMap((event) => {
    const of = Object.hasOwn(ONCE, event.type) ? ONCE[event.type] : undefined;
    const keys = [of && `${event.type} of ${of(event)}`, event.meta.command && `the command ${event.meta.command.id}`];
    return keys.filter((key): key is string => {
      if (key === undefined) return false;
      const again = seen.has(key);
      seen.add(key);
      return again;
    });
  });
}

/** Gaps in the log's positions or in a stream's revisions. */
export function gapsIn(log: readonly Exported[]): string[] {
  const revisions = new Map<string, number>();
  return log.flatMap((event, n) => {
    const next = (revisions.get(event.stream) ?? -1) + 1;
    revisions.set(event.stream, event.revision);
    return [
      event.position !== String(n + 1) && `position ${event.position} is the ${n + 1}th`,
      event.revision !== next && `revision ${event.revision} of ${event.stream} is not ${next}`,
    ].filter((problem): problem is string => problem !== false);
  });
}
