import { hash } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/**
 * Ids are `<prefix>_<26 characters>`: ten of time, sixteen of chance, Crockford's base 32 in lower case, so that they
 * sort by the moment they were made (the ULID layout). Time-ordered ids keep an index's inserts at its end: random ones
 * append three times slower.
 */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARS = 10;
const CHANCE_CHARS = 16;
export const ID_PATTERN = /^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}$/;

export type IdPrefix =
  | 'tsk'
  | 'agt'
  | 'wfl'
  | 'cmd'
  | 'evt'
  | 'rep'
  | 'mtr'
  | 'cnd'
  | 'bon'
  | 'prn'
  | 'log'
  | 'rnr'
  | 'chk'
  | 'key'
  | 'flt'
  | 'cfg';

export interface Ids {
  /** A new id; ids made in one process strictly increase, even within a millisecond. */
  next(prefix: IdPrefix): string;
}

export function createIds(clock: Clock, random: Random): Ids {
  let lastTime = 0;
  let lastChance = '';
  return {
    next(prefix) {
      const time = Math.max(clock.now(), lastTime);
      const chance = time === lastTime ? increment(lastChance) : encodeBytes(random.bytes(10));
      lastTime = time;
      lastChance = chance;
      return `${prefix}_${encodeTime(time)}${chance}`;
    },
  };
}

/**
 * The same parts give the same id, always. With `timeFrom` (another id of ours) the new one sorts where that one does;
 * without it, the id has no time and sorts by chance.
 */
export function deriveId(prefix: IdPrefix, parts: readonly string[], timeFrom?: string): string {
  const chance = encodeBytes(hashParts(parts));
  const time = timeFrom !== undefined && ID_PATTERN.test(timeFrom) ? timeFrom.slice(4, 4 + TIME_CHARS) : undefined;
  return `${prefix}_${time ? time + chance.slice(0, CHANCE_CHARS) : chance}`;
}

/** The n-th event of a command (n < 1024): the command's own characters and two more, so it sorts behind its neighbours. */
export function eventIdOf(commandId: string, n: number): string {
  return `evt_${commandId.slice(4)}${ALPHABET[n >> 5]}${ALPHABET[n & 31]}`;
}

function hashParts(parts: readonly string[]): Uint8Array {
  return hash('sha256', parts.map((part) => `${part.length}:${part}`).join(''), 'buffer').subarray(0, 17);
}

function encodeTime(ms: number): string {
  let rest = ms;
  let text = '';
  for (let n = 0; n < TIME_CHARS; n++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** Five bits a character; the bits left over at the end are dropped. */
function encodeBytes(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5 && text.length < 26) {
      bits -= 5;
      text += ALPHABET[(buffer >> bits) & 31];
    }
  }
  return text;
}

function increment(chance: string): string {
  const chars = [...chance];
  for (let n = chars.length - 1; n >= 0; n--) {
    const value = ALPHABET.indexOf(chars[n] as string);
    if (value < 31) {
      chars[n] = ALPHABET[value + 1] as string;
      return chars.join('');
    }
    chars[n] = ALPHABET[0] as string;
  }
  return chars.join('');
}
