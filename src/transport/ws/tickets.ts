import { LRUCache } from 'lru-cache';
import type { Principal } from '../../commands/index.ts';
import { sha256 } from '../../kernel/canonical.ts';
import type { Clock } from '../../kernel/clock.ts';
import { denied, type Failure } from '../../kernel/errors.ts';
import type { Random } from '../../kernel/random.ts';

/**
 * How a browser opens a socket, where it can send no header: it asks for a ticket, which its cookie and its `X-Heph`
 * header pay for, and shows it within half a minute, once. Kept as hashes, in memory.
 */
export interface Tickets {
  issue(principal: Principal): { ticket: string; expiresInMs: number };
  /** Who the ticket was issued to; it is then used up, whatever becomes of the socket. */
  redeem(ticket: string): Principal | Failure;
}

const TICKET_MS = 30_000;
const TICKETS_MAX = 1000;

export function createTickets({ clock, random }: { clock: Clock; random: Random }): Tickets {
  const issued = new LRUCache<string, { principal: Principal; until: number }>({ max: TICKETS_MAX });
  return {
    issue(principal) {
      const ticket = Buffer.from(random.bytes(32)).toString('base64url');
      issued.set(sha256(ticket), { principal, until: clock.monotonicMs() + TICKET_MS });
      return { ticket, expiresInMs: TICKET_MS };
    },
    redeem(ticket) {
      const hash = sha256(ticket);
      const known = issued.get(hash);
      issued.delete(hash);
      if (!known || clock.monotonicMs() >= known.until)
        return denied('auth.ticket', 'The ticket is unknown, was used already or is too old.');
      return known.principal;
    },
  };
}
