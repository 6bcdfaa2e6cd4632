import './terminal.css';
import { useSelector } from '@xstate/store-react';
import { useEffect, useRef, useState } from 'react';
import { type StreamError, withoutReplies } from '../../../src/transport/stream-client/index.ts';
import { bytes as bytesText } from '../../../src/transport/words/index.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { asFailure, post, query } from '../server/api.ts';
import { connection, stream } from '../server/connection.ts';
import { PAST_REASON } from '../server/use-command.ts';
import { usePast } from '../server/moment.ts';
import { createFeed, type FeedState } from './feed.ts';
import { createScreen, type Screen } from './screen.ts';

const REPLAYING: FeedState = { phase: 'replaying', skipped: 0, failure: null };
/** The server takes no more at once. */
const KEYS_MAX = 10_000;
/** Leaves the terminal by keyboard, as `heph agent attach` does. */
const DETACH = '\x1d';

/**
 * An agent’s terminal as it is printed, with what was printed before. It only shows, until somebody attaches on purpose; then
 * what is typed goes to the agent.
 */
export default function TerminalView({ agentId, living }: { agentId: string; living: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const [screen, setScreen] = useState<Screen | null>(null);
  const [feed, setFeed] = useState(REPLAYING);
  const [link, setLink] = useState<string | null>(null);
  const past = usePast();
  const status = useSelector(connection, (now) => now.status);

  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const made = createScreen(parent, (url) => setLink(url));
    const fit = () => made.fit((parent.parentElement?.clientWidth ?? 0) - 16);
    const observer = new ResizeObserver(fit);
    if (parent.parentElement) observer.observe(parent.parentElement);
    setScreen(made);
    setFeed(REPLAYING);
    const following = createFeed({
      open: (cursor, { bytes, end }) =>
        stream.terminal({ agentId, ...(cursor !== undefined && { cursor }), onBytes: bytes, onEnd: end }),
      size: () => printedBytes(agentId),
      write: (bytes, done) => made.terminal.write(bytes, done),
      clear: () => made.terminal.reset(),
      onState: setFeed,
    });
    following.start();
    return () => {
      observer.disconnect();
      following.close();
      made.dispose();
      setScreen(null);
    };
  }, [agentId]);

  const attached = useTyping(agentId, screen);
  const reason = useReason(living && feed.phase !== 'gone');
  const phase = status === 'open' || feed.phase === 'gone' ? feed.phase : 'reconnecting';
  return (
    <section className="terminal-pane" aria-label="Terminal">
      <div className="terminal-bar">
        <span className={`terminal-phase ${phase}`}>{PHASES[phase]}</span>
        {past !== null && <span className="dim">All that was printed, also after the moment that is shown</span>}
        {feed.skipped > 0 && (
          <span className="dim" title="The whole transcript: heph logs AGENT --raw">
            {bytesText(feed.skipped)} before this are not shown
          </span>
        )}
        <span className="grow" />
        {attached.on ? (
          <>
            <span className="attached">What you type goes to the agent. Ctrl+] detaches.</span>
            <Button look="primary" onClick={attached.detach}>
              Detach
            </Button>
          </>
        ) : (
          <Button disabledReason={reason} onClick={attached.attach}>
            Attach
          </Button>
        )}
      </div>
      <Refusal of={attached.refusal ?? feed.failure} />
      <div className={`terminal-box ${attached.on ? 'on' : ''}`}>
        <div ref={box} />
      </div>
      <LinkDialog url={link} onClose={() => setLink(null)} />
    </section>
  );
}

const PHASES = {
  replaying: 'Replaying …',
  live: 'Live',
  gone: 'The process is gone',
  reconnecting: 'Reconnecting …',
  failed: 'Not to be seen',
} as const;

function useReason(lives: boolean): string | null {
  const past = usePast();
  if (past !== null) return PAST_REASON;
  return lives ? null : 'The process is gone: nobody would read it.';
}

/** How much the agent has printed, as its process is found to be now. */
async function printedBytes(agentId: string): Promise<number | null> {
  const { agents } = await query<{ agents: { process?: { outputBytes?: number } }[] }>('get_agent_status', { agentId });
  return agents[0]?.process?.outputBytes ?? null;
}

/** Typing into the terminal, from attaching until detaching. */
function useTyping(agentId: string, screen: Screen | null) {
  const [on, setOn] = useState(false);
  const [refusal, setRefusal] = useState<StreamError | null>(null);
  useEffect(() => {
    if (!on || !screen) return;
    const { terminal } = screen;
    let waiting = '';
    let sending = false;
    const send = async () => {
      sending = true;
      while (waiting) {
        const data = waiting.slice(0, KEYS_MAX);
        waiting = waiting.slice(KEYS_MAX);
        await post(`/api/agents/${encodeURIComponent(agentId)}/keystrokes`, { data });
      }
      sending = false;
    };
    terminal.options.disableStdin = false;
    terminal.focus();
    const typing = terminal.onData((typed) => {
      const at = typed.indexOf(DETACH);
      waiting += withoutReplies(at < 0 ? typed : typed.slice(0, at));
      if (at >= 0) setOn(false);
      if (waiting && !sending)
        send().catch((error: unknown) => {
          setRefusal(asFailure(error));
          setOn(false);
        });
    });
    return () => {
      typing.dispose();
      terminal.options.disableStdin = true;
      terminal.blur();
    };
  }, [on, screen, agentId]);
  return {
    on,
    refusal,
    attach() {
      setRefusal(null);
      setOn(true);
    },
    detach: () => setOn(false),
  };
}

/** What a terminal calls a link may say one thing and lead elsewhere: the address is shown before it is opened. */
function LinkDialog({ url, onClose }: { url: string | null; onClose(): void }) {
  return (
    <Dialog
      open={url !== null}
      onClose={onClose}
      title="Open this address?"
      description="The agent’s output holds this link. It opens in a new tab."
    >
      <p className="mono link-shown">{url}</p>
      <div className="row end">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          look="primary"
          onClick={() => {
            if (url !== null && /^https?:\/\//.test(url)) window.open(url, '_blank', 'noopener,noreferrer');
            onClose();
          }}
        >
          Open
        </Button>
      </div>
    </Dialog>
  );
}
