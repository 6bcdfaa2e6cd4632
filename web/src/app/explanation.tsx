import './explanation.css';
import { useState } from 'react';
import { wordOf } from '../../../src/transport/words/index.ts';
import { Age } from '../parts/age.tsx';
import { Button } from '../parts/button.tsx';
import { Json } from '../parts/json.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { useQuery } from '../server/use-query.ts';
import { usePast } from '../server/moment.ts';
import { type Evidence, explained } from './explained.ts';
import { Link } from './link.tsx';
import { pathTo } from './router.ts';

interface Told extends Evidence {
  text: string;
  actor: string;
  stream: string;
  from: string | null;
  to: string | null;
  scope: { workflowId?: string; taskId?: string; agentId?: string };
}

interface Cause extends Told {
  command: string | null;
  link: 'root' | 'recorded' | 'inferred';
  because: string;
}

interface Answer {
  of: Told;
  chain: Cause[];
  cut: string | null;
  followed: Told[];
  followedMore: boolean;
}

/** What led to an event, from its first cause down, and what came of it. Recorded links and inferred ones are drawn differently. */
export function Explanation({ evidence }: { evidence: Evidence }) {
  const at = usePast() ?? undefined;
  const { eventId, position } = evidence;
  // What lies behind the moment that the page shows has not happened yet.
  const isLater = at !== undefined && BigInt(position) > BigInt(at);
  const { result, failure } = useQuery<Answer>('explain', { of: eventId, position, at: isLater ? undefined : at });
  if (failure) return <Refusal of={failure} />;
  if (!result) return <div className="loading" aria-busy="true" role="status" aria-label="Loading" />;
  const { of, chain, cut, followed, followedMore } = result;
  return (
    <>
      <p className="chain-asked">{of.text}</p>
      <h3 className="chain-title">What led to it</h3>
      {cut !== null && <p className="dim chain-cut">{cut}</p>}
      <Chain key={of.eventId} chain={chain} isWhole={cut === null} />
      <h3 className="chain-title">What followed from it</h3>
      {followed.length === 0 ? (
        <p className="dim">Nothing has followed from it{at === undefined ? ' yet' : ' by then'}.</p>
      ) : (
        <ol className="chain">
          {followed.map((told) => (
            <li key={told.eventId} className="chain-link recorded">
              <Step told={told} />
            </li>
          ))}
        </ol>
      )}
      {followedMore && <p className="dim">More may have followed further on.</p>}
      <details className="chain-data">
        <summary>The event itself</summary>
        <EventData evidence={evidence} />
      </details>
    </>
  );
}

/** So many of a long chain are shown at once: the first cause, and those nearest to what was asked about. */
const FIRST = 1;
const NEAREST = 7;

function Chain({ chain, isWhole }: { chain: readonly Cause[]; isWhole: boolean }) {
  const [all, setAll] = useState(false);
  const left = all ? 0 : Math.max(0, chain.length - FIRST - NEAREST - 1);
  const shown = left === 0 ? chain : [...chain.slice(0, FIRST), ...chain.slice(-NEAREST)];
  const last = chain.at(-1);
  return (
    <ol className="chain">
      {shown.map((cause) => (
        <li
          key={cause.eventId}
          className={`chain-link ${cause === chain[0] ? 'root' : cause.link} ${cause === last ? 'asked' : ''}`}
          aria-current={cause === last || undefined}
        >
          <Step told={cause} />
          {cause !== chain[0] && cause.link === 'inferred' && <p className="chain-note">Inferred: {cause.because}</p>}
          {cause === chain[0] && isWhole && <p className="chain-note">{cause.because}</p>}
          {left > 0 && cause === chain[0] && (
            <Button look="quiet" className="chain-more" onClick={() => setAll(true)}>
              {left} steps between
            </Button>
          )}
        </li>
      ))}
    </ol>
  );
}

function Step({ told }: { told: Told }) {
  const { text, at, actor, to, from } = told;
  return (
    <>
      <button
        type="button"
        className="chain-text"
        title={`${told.type}; click for what led to this`}
        onClick={() => explained.set({ evidence: told, title: text })}
      >
        {text}
      </button>
      <p className="chain-facts">
        <Age at={at} /> ago, by {actor}
        {to !== null && to !== from && <>, then {wordOf(to)}</>} <Where told={told} />
      </p>
    </>
  );
}

/** The screen of what it is about. */
function Where({ told: { stream, scope } }: { told: Told }) {
  const close = () => explained.set(null);
  const [kind, id = ''] = stream.split('-');
  const taskId = kind === 'task' ? id : scope.taskId;
  const [path, of] =
    kind === 'bestOfN'
      ? [pathTo('best-of-n', [id]), 'its candidates']
      : taskId !== undefined
        ? [pathTo('task', [taskId]), 'its task']
        : scope.workflowId !== undefined
          ? [pathTo('workflows', [scope.workflowId]), 'its run']
          : [null, ''];
  if (path === null) return null;
  return (
    <span onClickCapture={close}>
      <Link href={path}>{of}</Link>
    </span>
  );
}

function EventData({ evidence }: { evidence: Evidence }) {
  const after = String(BigInt(evidence.position) - 1n);
  const { result, failure } = useQuery<{ events: { data: unknown }[] }>('get_events', { after, limit: 1 });
  const [event] = result?.events ?? [];
  return (
    <>
      <Refusal of={failure} />
      {event && <Json value={event.data} />}
    </>
  );
}
