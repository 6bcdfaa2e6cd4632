import type { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../../../kernel/errors.ts';
import { categoryOf } from '../../event-store.ts';
import { chainHash, GENESIS } from '../../hash-chain.ts';
import type { Row } from '../../rows.ts';
import { nextRevision } from '../../stream-metadata.ts';
import { type Anchor, readAnchor } from './anchor.ts';
import { connect, logPathOf, SCHEMA, SCHEMA_VERSION, versionOf } from './schema.ts';
import { settingHash } from './settings.ts';

/** What is wrong, and where: the first event that is not as it was written, or null when it is in no single event. */
export interface Damage {
  position: bigint | null;
  reason: string;
}

export interface Verification {
  ok: boolean;
  /** Events that are as they were written, from the first on. */
  events: number;
  head: { position: bigint; hash: string };
  /** Whether the log's end is vouched for from outside. Without, nobody can tell that events were cut off behind it. */
  anchored: boolean;
  damage: Damage | null;
}

interface ChainRow extends Row {
  hash: string;
  category: string;
}

const PAGE_ROWS = 1000;
const SELECT_ROWS =
  'SELECT e.position, s.name AS stream, e.revision, e.id, k.category, k.type, e.v, e.at, e.workflow, e.body, e.hash FROM events e LEFT JOIN streams s ON s.id = e.stream LEFT JOIN kinds k ON k.id = e.kind WHERE e.position > ? ORDER BY e.position LIMIT ?';

/**
 * Reads the whole log and compares each event with the chain, the head with `anchor` (default: the one beside the log),
 * and the indices with the events. Changes nothing; a server may run. Damage is answered, never thrown.
 */
export async function verifyLog(directory: string, options: { anchor?: Anchor } = {}): Promise<Verification> {
  // Read first: while a server runs, the log may only be further on than its anchor, never behind.
  const anchor = options.anchor ?? readAnchor(directory);
  const state: ChainState = { head: { position: 0, hash: GENESIS }, revisions: new Map(), anchor };
  let damage: Damage | undefined;
  try {
    const db = connect(logPathOf(directory), { readOnly: true });
    try {
      damage = (await checkChain(db, state)) ?? checkAnchor(state) ?? checkRest(db);
    } finally {
      db.close();
    }
  } catch (error) {
    damage = { position: BigInt(state.head.position + 1), reason: `the log cannot be read: ${messageOf(error)}` };
  }
  return {
    ok: !damage,
    events: state.head.position,
    head: { position: BigInt(state.head.position), hash: state.head.hash },
    anchored: anchor !== undefined,
    damage: damage ?? null,
  };
}

/** The last `count` events and the anchor: what a start looks at. Undefined when they are as they were written. */
export function checkTail(db: DatabaseSync, anchor: Anchor | undefined, count: number): Damage | undefined {
  const last = (db.prepare('SELECT max(position) AS last FROM events').get()?.last as number | null) ?? 0;
  const start = Math.max(0, last - count);
  const hash = start === 0 ? GENESIS : hashAt(db, start);
  if (hash === undefined) return { position: BigInt(start), reason: 'the event is missing' };
  const state: ChainState = { head: { position: start, hash }, revisions: new Map(), anchor: undefined };
  for (let page = pageAfter(db, start); page.length > 0; page = pageAfter(db, state.head.position)) {
    const damage = checkPage(page, state);
    if (damage) return damage;
  }
  if (!anchor) return undefined;
  const anchored = anchor.position === 0 ? GENESIS : hashAt(db, anchor.position);
  return anchored === anchor.hash ? undefined : anchorDamage(anchor, last);
}

export function readHead(db: DatabaseSync): Anchor {
  const row = db.prepare('SELECT position, hash FROM events ORDER BY position DESC LIMIT 1').get();
  return row ? ({ ...row } as unknown as Anchor) : { position: 0, hash: GENESIS };
}

interface ChainState {
  head: Anchor;
  /** The last revision seen of each stream. */
  revisions: Map<string, number>;
  anchor: Anchor | undefined;
}

async function checkChain(db: DatabaseSync, state: ChainState): Promise<Damage | undefined> {
  for (let page = pageAfter(db, 0); page.length > 0; page = pageAfter(db, state.head.position)) {
    const damage = checkPage(page, state) ?? checkRevisions(page, state.revisions);
    if (damage) return damage;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return undefined;
}

function checkPage(page: ChainRow[], state: ChainState): Damage | undefined {
  for (const row of page) {
    const reason = faultIn(row, state.head);
    if (reason) return { position: BigInt(state.head.position + 1), reason };
    state.head = { position: row.position, hash: row.hash };
    if (state.anchor?.position === row.position && state.anchor.hash !== row.hash)
      return anchorDamage(state.anchor, row.position);
  }
  return undefined;
}

function faultIn(row: ChainRow, previous: Anchor): string | undefined {
  if (row.position !== previous.position + 1) return 'the event is missing';
  if (row.stream === null || row.type === null) return 'its stream or type is missing';
  if (row.category !== categoryOf(row.stream)) return 'its category is not that of its stream';
  if (chainHash(previous.hash, row) !== row.hash) return 'its hash is not that of its content';
  return row.workflow === workflowOf(row.body) ? undefined : 'its workflow is not the one it names';
}

function workflowOf(body: string): string | null {
  const { meta } = JSON.parse(body) as { meta: { scope?: { workflowId?: string } } };
  return meta.scope?.workflowId ?? null;
}

function checkRevisions(page: ChainRow[], revisions: Map<string, number>): Damage | undefined {
  for (const { stream, revision, position, type } of page) {
    if (revision !== nextRevision(revisions.get(stream) ?? -1, type))
      return { position: BigInt(position), reason: `revision ${revision} does not follow in ${stream}` };
    revisions.set(stream, revision);
  }
  return undefined;
}

function checkAnchor({ anchor, head }: ChainState): Damage | undefined {
  return anchor && anchor.position > head.position ? anchorDamage(anchor, head.position) : undefined;
}

function anchorDamage(anchor: Anchor, last: number): Damage {
  return last < anchor.position
    ? { position: BigInt(last + 1), reason: `the log ends at ${last}, but reached ${anchor.position}` }
    : { position: BigInt(anchor.position), reason: 'the log was replaced: its hash is not the anchored one' };
}

/** What holds no event: the tables' definitions, the settings, and every index against its table. */
function checkRest(db: DatabaseSync): Damage | undefined {
  const reason = faultInSchema(db) ?? faultInSettings(db) ?? faultInPages(db);
  return reason ? { position: null, reason } : undefined;
}

function faultInSchema(db: DatabaseSync): string | undefined {
  const found = db.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid').all();
  const same = found.length === SCHEMA.length && found.every((row, n) => row.sql === SCHEMA[n]);
  return same && versionOf(db) === SCHEMA_VERSION ? undefined : 'the definitions of the tables were changed';
}

function faultInSettings(db: DatabaseSync): string | undefined {
  const rows = db.prepare('SELECT key, value, hash FROM settings').all();
  const bad = rows.find((row) => settingHash(String(row.key), Number(row.value)) !== row.hash);
  if (bad) return `the setting ${bad.key} was changed`;
  return rows.length === 1 ? undefined : 'a setting is missing or was added';
}

function faultInPages(db: DatabaseSync): string | undefined {
  const said = db.prepare('PRAGMA integrity_check(1)').get()?.integrity_check;
  return said === 'ok' ? undefined : String(said);
}

function pageAfter(db: DatabaseSync, position: number): ChainRow[] {
  return db.prepare(SELECT_ROWS).all(position, PAGE_ROWS) as unknown as ChainRow[];
}

function hashAt(db: DatabaseSync, position: number): string | undefined {
  return db.prepare('SELECT hash FROM events WHERE position = ?').get(position)?.hash as string | undefined;
}
