import { LRUCache } from 'lru-cache';
import { sha256 } from '../../kernel/canonical.ts';
import type { Clock } from '../../kernel/clock.ts';
import { denied, type Failure } from '../../kernel/errors.ts';
import type { Random } from '../../kernel/random.ts';

/**
 * How a browser gets in without seeing the operator's token: the CLI asks for a code, the page gives it back within a
 * minute, once, and gets a cookie. Codes and cookies are kept as hashes only; codes end with the server, sessions live in
 * `KeptSessions` where there are any, so that an open page goes on after a restart.
 */
export interface Sessions {
  createCode(): { code: string; expiresInMs: number };
  /** The session for a code, which is then used up. */
  redeem(code: string): string | Failure;
  /** Whether a Cookie header holds a living session. */
  holds(cookieHeader: string | undefined): boolean;
  /** Ends the session that a Cookie header holds. */
  end(cookieHeader: string | undefined): void;
  /** The value of Set-Cookie; null takes the cookie away. */
  cookie(session: string | null): string;
}

/** Sessions of earlier servers of the same workspace: until when each hash lives, in milliseconds since the Unix epoch. */
export interface KeptSessions {
  load(): Readonly<Record<string, number>>;
  save(sessions: Readonly<Record<string, number>>): void;
}

const CODE_MS = 60_000;
const SESSION_MS = 12 * 3_600_000;
const CODES_MAX = 100;
const SESSIONS_MAX = 100;
const COOKIES_MAX = 50;

/** Browsers share cookies between the ports of a host, hence the port in the cookie's name. */
export function createSessions({
  clock,
  random,
  port,
  kept,
}: {
  clock: Clock;
  random: Random;
  port: number;
  kept?: KeptSessions;
}): Sessions {
  const codes = new LRUCache<string, number>({ max: CODES_MAX });
  const sessions = new LRUCache<string, number>({ max: SESSIONS_MAX });
  const name = `heph_${port}`;
  const secret = () => Buffer.from(random.bytes(32)).toString('base64url');
  const lives = (until: number | undefined) => until !== undefined && clock.now() < until;
  // A clock that was set back does not make a session longer than a session is.
  for (const [hash, until] of Object.entries(kept?.load() ?? {}))
    if (lives(until)) sessions.set(hash, Math.min(until, clock.now() + SESSION_MS));

  const save = () =>
    kept?.save(Object.fromEntries([...sessions.entries()].filter(([, until]) => lives(until)).toReversed()));

  function held(header: string | undefined): string | null {
    if (header === undefined) return null;
    for (const pair of header.split(';', COOKIES_MAX)) {
      const at = pair.indexOf('=');
      if (pair.slice(0, at).trim() !== name) continue;
      const hash = sha256(pair.slice(at + 1).trim());
      if (lives(sessions.get(hash))) return hash;
    }
    return null;
  }

  return {
    createCode() {
      const code = secret();
      codes.set(sha256(code), clock.monotonicMs() + CODE_MS);
      return { code, expiresInMs: CODE_MS };
    },
    redeem(code) {
      const hash = sha256(code);
      const until = codes.get(hash);
      codes.delete(hash);
      if (until === undefined || clock.monotonicMs() >= until)
        return denied('auth.login_code', 'The login code is unknown, was used already or is too old.');
      const session = secret();
      sessions.set(sha256(session), clock.now() + SESSION_MS);
      save();
      return session;
    },
    holds: (header) => held(header) !== null,
    end(header) {
      const hash = held(header);
      if (hash === null) return;
      sessions.delete(hash);
      save();
    },
    cookie: (session) =>
      `${name}=${session ?? ''}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${session === null ? 0 : SESSION_MS / 1000}`,
  };
}
