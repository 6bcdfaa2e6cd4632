import type { EventFilter } from '../../event-store.ts';
import type { Kind } from './catalogue.ts';

/**
 * Turns a filter into a query that an index answers in order of position, a page at a time. Each kind, stream or workflow
 * that can pass is one term; SQLite merges terms that are sorted already, so a page costs what it holds, however long
 * the log is.
 */
export interface Page {
  /** Exclusive. */
  low: number;
  /** Inclusive. */
  high: number;
  limit: number;
  backwards?: boolean;
}

export interface Query {
  sql: string;
  params: (string | number)[];
}

interface Term {
  where: string;
  params: (string | number)[];
}

const COLUMNS = 'e.position, s.name AS stream, e.revision, e.id, e.kind, e.v, e.at, e.body';
// Merging more terms than this costs more than reading past what does not pass.
const TERMS_MAX = 64;

/** Undefined when nothing in the log can pass. `streamsIn` answers at most `max` ids of streams with that prefix. */
export function planPage(
  filter: EventFilter | undefined,
  page: Page,
  kinds: Iterable<Kind>,
  streamsIn: (prefix: string, max: number) => number[],
): Query | undefined {
  const terms = filter ? termsOf(filter, kinds, streamsIn) : [];
  if (terms.length === 0) return undefined;
  const order = page.backwards ? 'DESC' : 'ASC';
  const parts = terms.map(
    (term) => `SELECT position AS p FROM events WHERE ${term.where} AND position > ? AND position <= ?`,
  );
  return {
    // CROSS JOIN keeps the order of the loops: the chosen positions first.
    sql: `SELECT ${COLUMNS} FROM (${parts.join(' UNION ALL ')} ORDER BY p ${order} LIMIT ?) CROSS JOIN events e ON e.position = p CROSS JOIN streams s ON s.id = e.stream ORDER BY p ${order}`,
    params: [...terms.flatMap((term) => [...term.params, page.low, page.high]), page.limit],
  };
}

export function planUnfiltered(page: Page): Query {
  return {
    sql: `SELECT ${COLUMNS} FROM events e CROSS JOIN streams s ON s.id = e.stream WHERE e.position > ? AND e.position <= ? ORDER BY e.position ${page.backwards ? 'DESC' : 'ASC'} LIMIT ?`,
    params: [page.low, page.high, page.limit],
  };
}

function termsOf(
  filter: EventFilter,
  kinds: Iterable<Kind>,
  streamsIn: (prefix: string, max: number) => number[],
): Term[] {
  const prefixes = filter.streamPrefixes && withoutCovered(filter.streamPrefixes);
  const types = filter.types && new Set(filter.types);
  const passing: { kind: number; within: string[] | undefined }[] = [];
  for (const kind of kinds) {
    if (types && !types.has(kind.type)) continue;
    const within = prefixesWithin(kind.category, prefixes);
    if (within?.length !== 0) passing.push({ kind: kind.id, within });
  }
  if (passing.length === 0) return [];
  if (filter.workflowId !== undefined)
    return [both({ where: 'workflow = ?', params: [filter.workflowId] }, anyOf(passing))];
  const streams = prefixes?.every((prefix) => prefix.includes('-')) ? fewStreams(prefixes, streamsIn) : undefined;
  if (streams) return streams.map((id) => both({ where: 'stream = ?', params: [id] }, types && anyOf(passing)));
  if (passing.length > TERMS_MAX) return [anyOf(passing)];
  return passing.map(({ kind, within }) => both({ where: 'kind = ?', params: [kind] }, within && inStreams(within)));
}

/** Undefined: every stream of the category passes. Empty: none. Else: those that begin with one of these. */
function prefixesWithin(category: string, prefixes: string[] | undefined): string[] | undefined {
  if (!prefixes) return undefined;
  const stem = `${category}-`;
  if (prefixes.some((prefix) => stem.startsWith(prefix))) return undefined;
  return prefixes.filter((prefix) => prefix.startsWith(stem));
}

function fewStreams(prefixes: string[], streamsIn: (prefix: string, max: number) => number[]): number[] | undefined {
  const ids: number[] = [];
  for (const prefix of prefixes) {
    if (prefix.endsWith('-')) return undefined;
    ids.push(...streamsIn(prefix, TERMS_MAX + 1));
    if (ids.length > TERMS_MAX) return undefined;
  }
  return ids;
}

/** As a condition on each row; the plus sign keeps SQLite from taking the index of kinds for it. */
function anyOf(passing: { kind: number; within: string[] | undefined }[]): Term {
  const whole = passing.filter(({ within }) => !within).map(({ kind }) => kind);
  const conditions: Term[] = passing.flatMap(({ kind, within }) =>
    within ? [both({ where: '+kind = ?', params: [kind] }, inStreams(within))] : [],
  );
  if (whole.length > 0) conditions.push({ where: `+kind IN (${whole.join(', ')})`, params: [] });
  return {
    where: `(${conditions.map((condition) => `(${condition.where})`).join(' OR ')})`,
    params: conditions.flatMap((condition) => condition.params),
  };
}

function inStreams(prefixes: string[]): Term {
  const ranges = prefixes.map(() => '(name >= ? AND name < ?)').join(' OR ');
  return {
    where: `+stream IN (SELECT id FROM streams WHERE ${ranges})`,
    params: prefixes.flatMap((prefix) => [prefix, endOf(prefix)]),
  };
}

function both(one: Term, other: Term | undefined): Term {
  return other ? { where: `${one.where} AND ${other.where}`, params: [...one.params, ...other.params] } : one;
}

/** No two of what is left can fit the same stream, so no event comes out of two terms. */
function withoutCovered(prefixes: readonly string[]): string[] {
  const distinct = [...new Set(prefixes)];
  return distinct.filter((prefix) => !distinct.some((other) => other !== prefix && prefix.startsWith(other)));
}

/** The first text behind everything that begins so: stream names are ASCII, without a delete character. */
export function endOf(prefix: string): string {
  return `${prefix}\x7f`;
}
