import type { Accepted } from '../commands/index.ts';
import { ERROR_CODES } from '../kernel/error-codes.ts';
import { Defect, type Failure, HephError, messageOf } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';

/** What a client is told when something went wrong, the same on every face. */
export interface ErrorBody {
  kind: Failure['kind'];
  code: Failure['code'];
  message: string;
  details?: Record<string, unknown>;
  /** What to do about it. */
  next: string;
}

/** What a client is told of an accepted command. It has been recorded when this is said. */
export interface AcceptedBody {
  ok: true;
  command: string;
  commandId: string;
  /** The actor it went to. */
  id: string;
  stream: string;
  state: string;
  revision: number;
  /** Decimal: positions are 64 bits wide. */
  position: string;
  events: string[];
  repeated: boolean;
}

export function acceptedBody(command: string, accepted: Accepted): AcceptedBody {
  return {
    ok: true,
    command,
    commandId: accepted.commandId,
    id: accepted.actorId,
    stream: accepted.stream,
    state: accepted.state,
    revision: accepted.revision,
    position: String(accepted.position),
    events: accepted.types,
    repeated: accepted.repeated,
  };
}

/** The words of a defect are for the server's log: they may quote what a client must not see. */
export function errorBody(failure: Failure): ErrorBody {
  const { kind, code } = failure;
  const { next, means } = ERROR_CODES[code];
  if (kind === 'defect') return { kind, code, message: means, next };
  return { kind, code, message: failure.message, ...(failure.details && { details: failure.details }), next };
}

export function statusOf(failure: Failure): number {
  return ERROR_CODES[failure.code].status;
}

/** Anything thrown as a failure to answer with; what nobody foresaw is a defect, and is logged with its stack. */
export function failureOf(error: unknown, log: Log): Failure {
  const failure = error instanceof HephError ? error : new Defect(messageOf(error), undefined, error);
  if (failure.kind === 'defect' || failure.kind === 'fault') {
    const cause = failure.cause instanceof Error ? failure.cause : failure;
    log.error({ code: failure.code, error: failure.message, stack: cause.stack }, 'a request failed');
  }
  return failure;
}
