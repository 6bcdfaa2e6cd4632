import type { StoredEvent } from '../../store/event-store.ts';
import { evidenceOf } from '../evidence.ts';
import { type InboxState, type Matter, matterId } from './state.ts';

/** So many matters that nothing but a person settles are kept; older ones stay in the timeline. */
const ENDED_MAX = 100;
const DISMISSED_MAX = 1_000;

type Told = Omit<Matter, 'evidence' | 'workflowId' | 'taskId' | 'agentId'> &
  Partial<Pick<Matter, 'workflowId' | 'taskId' | 'agentId'>>;

/** Opens the matter about that; one that was open about the same is no more. */
export function open(state: InboxState, about: string, event: StoredEvent, told: Told): void {
  settle(state, about);
  const none = { workflowId: null, taskId: null, agentId: null };
  state.matters.set(about, { ...none, ...told, evidence: evidenceOf(event) });
}

/** Like `open`, of something that has ended: no later event need ever settle it. */
export function openEnded(state: InboxState, about: string, event: StoredEvent, told: Told): void {
  open(state, about, event, told);
  state.ended.push(about);
  if (state.ended.length > ENDED_MAX) state.matters.delete(state.ended.shift() as string);
}

export function settle(state: InboxState, about: string): void {
  if (!state.matters.delete(about)) return;
  const place = state.ended.indexOf(about);
  if (place !== -1) state.ended.splice(place, 1);
}

export function settleWhere(state: InboxState, fits: (matter: Matter, about: string) => boolean): void {
  for (const [about, matter] of state.matters) if (fits(matter, about)) settle(state, about);
}

export function dismiss(state: InboxState, id: string): void {
  settleWhere(state, (matter) => matterId(matter) === id);
  state.dismissed.push(id);
  if (state.dismissed.length > DISMISSED_MAX) state.dismissed.shift();
}
