import { type Failure, invalid } from './errors.ts';
import { ID_PATTERN } from './ids.ts';

/** The kinds of thing that a person names by a unique beginning of its id. */
export type NamedKind = 'tsk' | 'agt' | 'wfl' | 'bon';

/** What exists, by the beginning of its id. */
export interface IdIndex {
  /** At most `limit` ids of that kind that begin with `prefix`, in order. */
  startingWith(kind: NamedKind, prefix: string, limit: number): Promise<string[]>;
}

const NAMES: Record<NamedKind, string> = { tsk: 'task', agt: 'agent', wfl: 'workflow', bon: 'best-of-N' };
const PREFIX_PATTERN = /^[0-9a-z]{3}_[0-9a-hjkmnp-tv-z]{0,26}$/;
/** So many of the ids that fit are named when there are several. */
const NAMED_MAX = 5;

/**
 * The id that `text` means: itself when it is whole (whether it exists is the reader's question), else the only one
 * that begins with it. The kind's own prefix may be left out: `01k5` means `tsk_01k5…` where a task is asked for.
 * Answers Invalid `id.unknown` or `id.ambiguous`.
 */
export async function resolveId(kind: NamedKind, text: string, index: IdIndex): Promise<string | Failure> {
  const prefix = text.startsWith(`${kind}_`) ? text : `${kind}_${text}`;
  if (ID_PATTERN.test(prefix)) return prefix;
  if (!PREFIX_PATTERN.test(prefix) || text === '') return unknown(kind, text);
  const [only, ...others] = await index.startingWith(kind, prefix, NAMED_MAX);
  if (only === undefined) return unknown(kind, text);
  if (others.length === 0) return only;
  const ids = [only, ...others];
  return invalid('id.ambiguous', `Several ${NAMES[kind]}s begin with ${prefix}: ${ids.join(', ')}.`, { ids });
}

function unknown(kind: NamedKind, text: string): Failure {
  return invalid('id.unknown', `No ${NAMES[kind]} has the id ${JSON.stringify(text.slice(0, 80))}, or begins with it.`);
}
