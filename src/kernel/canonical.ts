import { hash } from 'node:crypto';

/** JSON with sorted keys and without `undefined`: equal values give equal text, so its hash can stand for the value. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return inner.toString();
    if (inner instanceof Map) return sorted(Object.fromEntries(inner));
    if (inner instanceof Set) return [...inner].sort();
    return inner !== null && typeof inner === 'object' && !Array.isArray(inner) ? sorted(inner) : inner;
  });
}

/** Lower-case hex SHA-256 of text or bytes. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** The hash of a value's canonical JSON. */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

function sorted(object: object): Record<string, unknown> {
  const out: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(object).sort()) out[key] = (object as Record<string, unknown>)[key];
  return out;
}
