import { type Clock, sleep } from '../../../kernel/clock.ts';
import { messageOf } from '../../../kernel/errors.ts';
import type { HolderState } from '../../terminals/holder-protocol.ts';
import { type HolderLink, openHolderLink } from '../../terminals/adapters/holder-link.ts';
import type { AgentLog } from '../agent-hands.ts';

const RECONNECT_TRIES_MAX = 8;
const RECONNECT_FIRST_MS = 25;

export interface AgentLinksOptions {
  clock: Clock;
  epoch: number;
  log: AgentLog;
  onOutput(agentId: string, outputBytes: number, at: number): void;
  /** The connection is over. Answers the holder's state while it still lives, null when there is nothing to come back to. */
  onClosed(agentId: string): Promise<HolderState | null>;
}

/** One connection per running agent, kept as long as its holder lives, so that an end is heard and never polled for. */
export interface AgentLinks {
  /** Connects unless connected. Throws like `openHolderLink`. */
  to(agentId: string, state: HolderState): Promise<HolderLink>;
  /** Connects in the background and comes back when the connection breaks. */
  keep(agentId: string, state: HolderState): void;
  close(): void;
}

export function createAgentLinks(options: AgentLinksOptions): AgentLinks {
  const { clock, epoch, log } = options;
  const links = new Map<string, Promise<HolderLink>>();
  let closed = false;

  const to = (agentId: string, state: HolderState): Promise<HolderLink> => {
    const existing = links.get(agentId);
    if (existing) return existing;
    const link = openHolderLink({
      path: state.socketPath,
      epoch,
      onNews(news) {
        if (news.news === 'output') options.onOutput(agentId, news.outputBytes, news.at);
      },
    });
    links.set(agentId, link);
    link.then(
      async ({ closed: over }) => {
        await over;
        links.delete(agentId);
        await comeBack(agentId);
      },
      () => links.delete(agentId),
    );
    return link;
  };

  const comeBack = async (agentId: string) => {
    try {
      for (let attempt = 0; attempt < RECONNECT_TRIES_MAX && !closed; attempt++) {
        const state = await options.onClosed(agentId);
        if (!state) return;
        if (await to(agentId, state).then(() => true, isNotFenced)) return;
        await sleep(clock, RECONNECT_FIRST_MS * 2 ** attempt);
      }
    } catch (error) {
      log.warn('an agent’s holder cannot be reached', { agentId, reason: messageOf(error) });
    }
  };

  return {
    to,
    keep(agentId, state) {
      to(agentId, state).catch(() => comeBack(agentId));
    },
    close() {
      closed = true;
      for (const link of links.values()) link.then((open) => open.close()).catch(() => undefined);
    },
  };
}

/** A fenced server must not come back; any other failure may pass. */
function isNotFenced(error: unknown): false {
  if ((error as { code?: unknown }).code === 'log.fenced') throw error;
  return false;
}
