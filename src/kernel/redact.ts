import { ASSIGNED_NAME } from './redact-patterns.ts';
import { REDACTED } from './redact-regex.ts';
import { createSecretSearch } from './redact-search.ts';

/**
 * Takes secrets out of what is about to be kept or shown. Two kinds: values that are known (tokens we minted, variables
 * we pass on), also in base64, base64url, URL and JSON form; and texts that look like a secret of a well-known kind.
 * A guess may take too much; it never changes what is not part of a match.
 */
export interface Redactor {
  redactText(text: string): string;
  /** Every string and key within; the value itself is given back when nothing was taken. */
  redactJson<T>(value: T): T;
  /** For text that comes in chunks: a secret that is split between chunks is found as well. */
  createStreamRedactor(): StreamRedactor;
}

export interface StreamRedactor {
  /** What can be shown by now. Text that may be the beginning of a secret is held back until it is clear. */
  push(chunk: string): string;
  /** What was held back: at the end, or when nothing came for so long that showing it matters more. */
  flush(): string;
}

export { REDACTED } from './redact-regex.ts';
/** No secret is longer; beyond it, text that goes on looking like one is let go in pieces. */
const HELD_CHARS_MAX = 64 * 1024;

/** `values` shorter than six characters are passed over: they would be found everywhere. */
export function createRedactor({ values }: { values: readonly string[] }): Redactor {
  const secrets = createSecretSearch(values);

  function redactText(text: string): string {
    const next = secrets.among(text);
    let out = '';
    let from = 0;
    for (let secret = next(0); secret; secret = next(from)) {
      out += text.slice(from, secret.index) + secret.replacement;
      from = secret.index + secret.length;
    }
    return from === 0 ? text : out + text.slice(from);
  }

  function redactJson<T>(value: T): T {
    if (typeof value === 'string') return redactText(value) as T;
    if (Array.isArray(value)) return redactArray(value) as T;
    if (typeof value === 'object' && value !== null) return redactObject(value as Record<string, unknown>) as T;
    return value;
  }

  function redactArray(list: unknown[]): unknown[] {
    const out = list.map((item) => redactJson(item));
    return out.some((item, n) => item !== list[n]) ? out : list;
  }

  function redactObject(object: Record<string, unknown>): Record<string, unknown> {
    const entries = Object.entries(object);
    const out = entries.map(([key, inner]) => [redactText(key), redactMember(key, inner)] as const);
    const changed = out.some(([key, inner], n) => key !== entries[n]?.[0] || inner !== entries[n]?.[1]);
    return changed ? Object.fromEntries(out) : object;
  }

  function redactMember(key: string, inner: unknown): unknown {
    return typeof inner === 'string' && inner !== '' && ASSIGNED_NAME.test(key) ? REDACTED : redactJson(inner);
  }

  function createStreamRedactor(): StreamRedactor {
    let held = '';

    /** Whatever begins earlier wins: a whole match is taken, a possible beginning holds the rest back. */
    function take(): string {
      const next = secrets.among(held);
      let out = '';
      let from = 0;
      let open = -1;
      for (;;) {
        if (open < from) open = secrets.open(held, from);
        const secret = next(from);
        if (!secret || secret.index >= open) break;
        out += held.slice(from, secret.index) + secret.replacement;
        from = secret.index + secret.length;
      }
      out += held.slice(from, open);
      held = held.slice(open);
      return out;
    }

    return {
      push(chunk) {
        held += chunk;
        const out = take();
        return held.length > HELD_CHARS_MAX ? out + this.flush() : out;
      },
      flush() {
        const rest = redactText(held);
        held = '';
        return rest;
      },
    };
  }

  return { redactText, redactJson, createStreamRedactor };
}
