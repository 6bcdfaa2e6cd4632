import { query } from '../server/api.ts';
import { moment, showPast } from '../server/moment.ts';

/** An event as the timeline has it; what of it the past is told by. */
export interface PastEvent {
  position: string;
  at: number;
  type: string;
  text: string;
}

interface Answer {
  rows: Record<string, PastEvent>;
  position: string;
}

const one = (params: object, at?: string) =>
  query<Answer>('get_view', { view: 'timeline', params: { limit: 1, ...params }, ...(at !== undefined && { at }) });
const only = ({ rows }: Answer): PastEvent | null => Object.values(rows)[0] ?? null;

/** The last event that is applied at a position; by default, now. */
export async function eventAt(at?: string): Promise<PastEvent | null> {
  return only(await one({ direction: 'backwards' }, at));
}

export async function eventBefore(position: string): Promise<PastEvent | null> {
  return only(await one({ direction: 'backwards', before: position }));
}

export async function eventAfter(position: string): Promise<PastEvent | null> {
  return only(await one({ direction: 'forwards', after: position }));
}

/** From now, or from where the page is, one event back. What cannot be asked leaves the page where it is. */
export function stepBack(): void {
  const { at } = moment.get();
  const here = at === null ? eventAt() : eventAt(at);
  const before = here.then(
    (event) => event && eventBefore(event.position),
    // An address may name a position that the log does not reach.
    () => (at === null ? null : eventBefore(at)),
  );
  before.then((found) => found && showPast(found.position)).catch(() => {});
}

/** One event on; behind the last one there is nothing but now. Resolves to whether there was one. */
export async function stepOn(): Promise<boolean> {
  const { at } = moment.get();
  if (at === null) return false;
  const found = await eventAfter(at).catch(() => undefined);
  // Somebody went on or back meanwhile.
  if (moment.get().at !== at || found === undefined) return false;
  if (found) showPast(found.position);
  return found !== null;
}

/** Into the past, at its newest moment: from there the slider leads on. */
export function enterPast(): void {
  eventAt()
    .then((last) => last && showPast(last.position))
    .catch(() => {});
}
