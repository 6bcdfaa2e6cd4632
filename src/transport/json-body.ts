import { isUtf8 } from 'node:buffer';
import { type Failure, invalid } from '../kernel/errors.ts';

/** 1 MiB. */
export const BODY_BYTES_MAX = 1024 * 1024;
export const DEPTH_MAX = 64;
export const KEYS_MAX = 10_000;

/**
 * The JSON value of a body, or why it is none. Depth and keys are counted in the text, before anything is built: a
 * megabyte of brackets costs a walk over its bytes and no more, and what passes can be printed again by
 * `JSON.stringify`, which throws on values that `JSON.parse` takes. A key `__proto__` is refused wherever it is, however
 * it is written.
 */
export function parseJsonBody(bytes: Buffer): unknown | Failure {
  if (!isUtf8(bytes)) return notJson('it is not UTF-8');
  const text = bytes.toString('utf8');
  const excess = excessOf(text);
  if (excess) return invalid('input.too_large', excess);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return notJson(text.length === 0 ? 'it is empty' : 'it does not parse');
  }
  // Only a text with one of these can hold what is looked for: an escaped key or half a character needs a \\u.
  const suspect = text.includes('__proto__') || text.includes('\\u');
  return suspect ? (badnessOf(value) ?? value) : value;
}

function notJson(why: string): Failure {
  return invalid('input.not_json', `The body is not JSON: ${why}. Send a JSON object as application/json.`);
}

function excessOf(text: string): string | null {
  let depth = 0;
  let keys = 0;
  let quoted = false;
  for (let n = 0; n < text.length; n++) {
    const char = text.charCodeAt(n);
    if (quoted) {
      if (char === 0x5c /* \ */) n++;
      else if (char === 0x22 /* " */) quoted = false;
    } else if (char === 0x22) quoted = true;
    else if (char === 0x7b /* { */ || char === 0x5b /* [ */) {
      if (++depth > DEPTH_MAX) return `The body is nested deeper than ${DEPTH_MAX}.`;
    } else if (char === 0x7d /* } */ || char === 0x5d /* ] */) depth--;
    else if (char === 0x3a /* : */ && ++keys > KEYS_MAX) return `The body has more than ${KEYS_MAX} keys.`;
  }
  return null;
}

function badnessOf(value: unknown): Failure | null {
  if (typeof value === 'string' && !value.isWellFormed())
    return invalid('input.invalid', 'The body has a string with half a character (a lone surrogate).');
  if (typeof value !== 'object' || value === null) return null;
  if (Object.hasOwn(value, '__proto__')) return invalid('input.invalid', 'The body has a key `__proto__`.');
  for (const [key, inner] of Object.entries(value)) {
    const bad = badnessOf(key) ?? badnessOf(inner);
    if (bad) return bad;
  }
  return null;
}
