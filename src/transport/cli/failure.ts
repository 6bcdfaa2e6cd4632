import { ERROR_CODES, type ErrorCode } from '../../kernel/error-codes.ts';
import { type ErrorKind, HephError, messageOf } from '../../kernel/errors.ts';
import { plainLine, plainText } from '../../kernel/plain-text.ts';

/** What the process ends with. 130 is what shells expect after Ctrl-C. */
export const EXIT = { ok: 0, failed: 1, usage: 2, stalled: 3, interrupted: 130 } as const;

/** A failure on its way to the person: a sentence, what to do next, and the code to look up. The server may know codes that we do not. */
export class CliFailure extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly next: string;
  readonly details: Record<string, unknown> | undefined;

  constructor(parts: {
    kind: ErrorKind;
    code: string;
    message: string;
    next: string;
    details?: Record<string, unknown> | undefined;
  }) {
    super(parts.message);
    this.name = 'CliFailure';
    this.kind = parts.kind;
    this.code = parts.code;
    this.next = parts.next;
    this.details = parts.details;
  }
}

export function fail(code: ErrorCode, message: string, details?: Record<string, unknown>): CliFailure {
  const { kind, next } = ERROR_CODES[code];
  return new CliFailure({ kind, code, message, next, details });
}

/** The failure in anything thrown; what nobody foresaw is a bug of ours. */
export function failureOf(error: unknown): CliFailure {
  if (error instanceof CliFailure) return error;
  if (error instanceof HephError) return fail(error.code, error.message, error.details);
  return fail('defect.broken_belief', error instanceof Error && error.stack ? error.stack : messageOf(error));
}

/** The failure in an answer's `error` part, or null when it has none. */
export function failureIn(answer: unknown): CliFailure | null {
  const error = (answer as { error?: Record<string, unknown> } | null)?.error;
  if (typeof error !== 'object' || error === null || typeof error.code !== 'string') return null;
  const known = ERROR_CODES[error.code as ErrorCode] as (typeof ERROR_CODES)[ErrorCode] | undefined;
  return new CliFailure({
    kind: (error.kind as ErrorKind | undefined) ?? known?.kind ?? 'fault',
    code: error.code,
    message: String(error.message ?? known?.means ?? error.code),
    next: String(error.next ?? known?.next ?? 'See docs/errors.md.'),
    details: error.details as Record<string, unknown> | undefined,
  });
}

export function exitCodeOf(failure: CliFailure): number {
  if (failure.code === 'run.stalled') return EXIT.stalled;
  if (failure.code === 'cli.interrupted') return EXIT.interrupted;
  return failure.kind === 'invalid' ? EXIT.usage : EXIT.failed;
}

export function failureText(failure: CliFailure): string {
  const message = failure.kind === 'defect' ? plainText(failure.message) : plainLine(failure.message, 2000);
  return `heph: ${message}\n  ${plainLine(failure.next, 1000)}\n  (${plainLine(failure.code, 100)})\n`;
}

export function failureJson({ kind, code, message, next, details }: CliFailure): Record<string, unknown> {
  return { type: 'error', ok: false, error: { kind, code, message, ...(details && { details }), next } };
}
