/** What the server, or the way to it, refused: the same parts as every failure of Hephaestus has on the wire. */
export class StreamError extends Error {
  readonly code: string;
  readonly kind: string;
  readonly next: string;
  readonly details: Record<string, unknown> | undefined;

  constructor(parts: {
    code: string;
    message: string;
    kind?: string | undefined;
    next?: string | undefined;
    details?: Record<string, unknown> | undefined;
  }) {
    super(parts.message);
    this.name = 'StreamError';
    this.code = parts.code;
    this.kind = parts.kind ?? 'fault';
    this.next = parts.next ?? 'See docs/errors.md.';
    this.details = parts.details;
  }
}

/** Whether the same may succeed a little later. */
export function mayPass({ kind, code }: { kind: string; code: string }): boolean {
  return kind === 'fault' || code === 'rate.limited' || code === 'stream.too_many';
}
