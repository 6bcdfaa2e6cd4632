import { LRUCache } from 'lru-cache';
import { sha256 } from '../../kernel/canonical.ts';
import type { Clock } from '../../kernel/clock.ts';
import { denied, type Failure } from '../../kernel/errors.ts';
import type { Random } from '../../kernel/random.ts';

/**
 * How a browser gets in without seeing the operator's token: the CLI asks for a code, the page gives it back within a
 * minute, once, and gets a cookie. Codes and cookies are kept as hashes and in memory: a restart ends every session.
 */
export interface Sessions {
  createCode(): { code: string; expiresInMs: number };
  /** The session for a code, which is then used up. */
  redeem(code: string): string | Failure;
  /** Whether a Cookie header holds a living session. */
  holds(cookieHeader: string | undefined): boolean;
  /** The value of Set-Cookie. */
  cookie(session: string): string;
}

const CODE_MS = 60_000;
const SESSION_MS = 12 * 3_600_000;
const CODES_MAX = 100;
const SESSIONS_MAX = 100;
const COOKIES_MAX = 50;

/** Browsers share cookies between the ports of a host, hence the port in the cookie's name. */
export function createSessions({ clock, random, port }: { clock: Clock; random: Random; port: number }): Sessions {
  const codes = new LRUCache<string, number>({ max: CODES_MAX });
  const sessions = new LRUCache<string, number>({ max: SESSIONS_MAX });
  const name = `heph_${port}`;
  const secret = () => Buffer.from(random.bytes(32)).toString('base64url');
  const lives = (until: number | undefined) => until !== undefined && clock.monotonicMs() < until;

  return {
    createCode() {
      const code = secret();
      codes.set(sha256(code), clock.monotonicMs() + CODE_MS);
      return { code, expiresInMs: CODE_MS };
    },
    redeem(code) {
      const hash = sha256(code);
      const valid = lives(codes.get(hash));
      codes.delete(hash);
      if (!valid) return denied('auth.login_code', 'The login code is unknown, was used already or is too old.');
      const session = secret();
      sessions.set(sha256(session), clock.monotonicMs() + SESSION_MS);
      return session;
    },
    holds(header) {
      if (header === undefined) return false;
      for (const pair of header.split(';', COOKIES_MAX)) {
        const at = pair.indexOf('=');
        if (pair.slice(0, at).trim() !== name) continue;
        if (lives(sessions.get(sha256(pair.slice(at + 1).trim())))) return true;
      }
      return false;
    },
    cookie: (session) => `${name}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_MS / 1000}`,
  };
}
