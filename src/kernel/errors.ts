import { ERROR_CODES, type ErrorCode } from './error-codes.ts';

/**
 * Six kinds of failure, decided once. The first three are values that somebody answers with; the last three are thrown.
 *
 *   Invalid   does not parse                     value    400
 *   Denied    not you, or not here               value    401 403
 *   Rejected  the domain says no                 value    409
 *   Conflict  someone was faster                 thrown   409   the actor host reloads and decides again
 *   Fault     disk, pty, network, agent          thrown   503   a process retries, records or gives up
 *   Defect    our belief was false               thrown   500   nobody catches it; the supervisor restarts the actor
 */
export type ErrorKind = 'invalid' | 'denied' | 'rejected' | 'conflict' | 'fault' | 'defect';

type CodeOf<K extends ErrorKind> = {
  [C in ErrorCode]: (typeof ERROR_CODES)[C]['kind'] extends K ? C : never;
}[ErrorCode];

/** A failure as a value: what was wrong, in a sentence that also says what to do. */
export interface Failure {
  readonly failure: true;
  readonly kind: ErrorKind;
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Record<string, unknown>;
}

export type Rejected = Failure & { kind: 'rejected' };

export function invalid(code: CodeOf<'invalid'>, message: string, details?: Record<string, unknown>): Failure {
  return { failure: true, kind: 'invalid', code, message, ...(details && { details }) };
}

export function denied(code: CodeOf<'denied'>, message: string, details?: Record<string, unknown>): Failure {
  return { failure: true, kind: 'denied', code, message, ...(details && { details }) };
}

export function rejected(code: CodeOf<'rejected'>, message: string, details?: Record<string, unknown>): Rejected {
  return { failure: true, kind: 'rejected', code, message, ...(details && { details }) };
}

export function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && (value as { failure?: unknown }).failure === true;
}

/** Any failure on its way up the stack. `HephError.of(failure)` throws a value where a promise must reject. */
export class HephError extends Error implements Failure {
  readonly failure = true;
  readonly kind: ErrorKind;
  readonly code: ErrorCode;
  readonly details?: Record<string, unknown>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: Record<string, unknown> | undefined; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HephError';
    this.code = code;
    this.kind = ERROR_CODES[code].kind;
    if (options.details) this.details = options.details;
  }

  static of(failure: Failure): HephError {
    return failure instanceof HephError
      ? failure
      : new HephError(failure.code, failure.message, { details: failure.details });
  }
}

export class Conflict extends HephError {
  constructor(code: CodeOf<'conflict'>, message: string, details?: Record<string, unknown>) {
    super(code, message, { details });
  }
}

/** Disk, pty, network, agent. `retryable` says whether the same call may succeed later. */
export class Fault extends HephError {
  readonly retryable: boolean;
  constructor(
    code: CodeOf<'fault'>,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown; retryable?: boolean } = {},
  ) {
    super(code, message, options);
    this.retryable = options.retryable ?? true;
  }
}

/** Our belief was false: a bug of ours, with what is needed to find it. */
export class Defect extends HephError {
  constructor(message: string, details?: Record<string, unknown>, cause?: unknown) {
    super('defect.broken_belief', message, { details, cause });
  }
}

export function assert(belief: unknown, message: string, details?: Record<string, unknown>): asserts belief {
  if (!belief) throw new Defect(message, details);
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
