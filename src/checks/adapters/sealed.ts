import { sha256 } from '../../kernel/canonical.ts';

/** A value as text that tells whether it is still what was written. */
export function seal(value: unknown): string {
  const body = JSON.stringify(value);
  return `${sha256(body)}\n${body}\n`;
}

/** Null when it is torn or was changed. */
export function unseal<T>(text: string): T | null {
  const [sum = '', body = ''] = text.split('\n');
  return sha256(body) === sum ? (JSON.parse(body) as T) : null;
}
