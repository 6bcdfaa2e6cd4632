import { Conflict, Fault, HephError, messageOf } from '../../../kernel/errors.ts';
import type { Expected } from '../../event-store.ts';
import type { NewRow, Row } from '../../rows.ts';
import type { Kind } from './catalogue.ts';
import type { Asked, Group, Outcome } from './group.ts';

/**
 * What passes between the store and the thread of its scribe. A group and its answer are flat lists of texts and numbers:
 * copying an object between threads writes its keys every time, and costs more than what is in it.
 */
export type Question = AskedMessage | 'finish' | 'close';
export type Answer = { done: unknown } | { failed: SentError } | { stopped: SentError };

/** The first answer, unasked, when the log is open. */
export interface Opened {
  epoch: number;
  position: number;
}

type AskedMessage = (string | number | null)[];
type OutcomeItem = number | boolean | SentError;

interface GroupMessage {
  kinds: Kind[];
  head: Group['head'];
  written: number;
  chars: number;
  /** Per append: position, revision and whether it was repeated; or the error alone. */
  outcomes: OutcomeItem[];
  /** What was written, by the append's place in the group, where it is not what was asked. Hardly ever any. */
  stored: [number, Row[]][];
}

export function encodeAsked(asked: readonly Asked[]): AskedMessage {
  const message: AskedMessage = [];
  for (const { stream, expected, rows, given } of asked) {
    message.push(stream, expected, given?.stream ?? null, given?.expected ?? null, rows.length);
    for (const { id, type, v, at, body, workflow } of rows) message.push(id, type, v, at, body, workflow);
  }
  return message;
}

export function decodeAsked(message: AskedMessage): Asked[] {
  const asked: Asked[] = [];
  for (let at = 0; at < message.length; ) {
    const one: Asked = { stream: message[at] as string, expected: message[at + 1] as Expected, rows: [] };
    const given = message[at + 2] as string | null;
    if (given !== null) one.given = { stream: given, expected: message[at + 3] as Expected };
    const rows = message[at + 4] as number;
    at += 5;
    for (let n = 0; n < rows; n++, at += ROW_ITEMS) one.rows.push(rowAt(message, at));
    asked.push(one);
  }
  return asked;
}

const ROW_ITEMS = 6;

function rowAt(message: AskedMessage, at: number): NewRow {
  return {
    id: message[at] as string,
    type: message[at + 1] as string,
    v: message[at + 2] as number,
    at: message[at + 3] as number,
    body: message[at + 4] as string,
    workflow: message[at + 5] as string | null,
  };
}

export function encodeGroup({ outcomes, ...group }: Group): GroupMessage {
  const items: OutcomeItem[] = [];
  const stored: GroupMessage['stored'] = [];
  outcomes.forEach((outcome, n) => {
    if ('refused' in outcome) {
      items.push(encodeError(outcome.refused));
      return;
    }
    items.push(Number(outcome.appended.position), outcome.appended.revision, outcome.appended.repeated);
    if (outcome.stored) stored.push([n, outcome.stored]);
  });
  return { ...group, outcomes: items, stored };
}

export function decodeGroup({ outcomes: items, stored, ...group }: GroupMessage): Group {
  const outcomes: Outcome[] = [];
  for (let at = 0; at < items.length; ) {
    const item = items[at] as number | SentError;
    if (typeof item === 'object') {
      outcomes.push({ refused: decodeError(item) as HephError });
      at += 1;
    } else {
      const revision = items[at + 1] as number;
      outcomes.push({ appended: { revision, position: BigInt(item), repeated: items[at + 2] as boolean } });
      at += 3;
    }
  }
  for (const [n, rows] of stored) Object.assign(outcomes[n] as Outcome, { stored: rows });
  return { ...group, outcomes };
}

/** An error between threads: a copy of one would lose its class, its code and its details. */
export type SentError =
  | (Pick<HephError, 'kind' | 'code' | 'message' | 'details'> & { retryable: boolean })
  | SentForeign;

/** SQLite's or the system's, with what `classify` looks at. */
interface SentForeign {
  kind: null;
  message: string;
  code: string | undefined;
  errcode: number | undefined;
}

export function encodeError(error: unknown): SentError {
  if (error instanceof HephError) {
    const { kind, code, message, details } = error;
    return { kind, code, message, ...(details && { details }), retryable: error instanceof Fault && error.retryable };
  }
  const { code, errcode } = (error ?? {}) as { code?: string; errcode?: number };
  return { kind: null, message: messageOf(error), code, errcode };
}

export function decodeError(sent: SentError): Error {
  if (sent.kind === null) return Object.assign(new Error(sent.message), { code: sent.code, errcode: sent.errcode });
  const { code, message, details } = sent;
  if (sent.kind === 'conflict')
    return new Conflict(code as ConstructorParameters<typeof Conflict>[0], message, details);
  if (sent.kind === 'fault')
    return new Fault(code as ConstructorParameters<typeof Fault>[0], message, {
      retryable: sent.retryable,
      ...(details && { details }),
    });
  return new HephError(code, message, { details });
}
