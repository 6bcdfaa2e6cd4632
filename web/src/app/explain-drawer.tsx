import './explain-drawer.css';
import { useSelector } from '@xstate/store-react';
import { useState } from 'react';
import { count } from '../../../src/transport/words/index.ts';
import { Age } from '../parts/age.tsx';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { IdChip } from '../parts/id-chip.tsx';
import { Json } from '../parts/json.tsx';
import { Refusal } from '../parts/refusal.tsx';
import { showPast, usePast } from '../server/moment.ts';
import { useQuery } from '../server/use-query.ts';
import { explain, explained } from './explained.ts';
import { Link } from './link.tsx';
import { pathTo } from './router.ts';

interface Told {
  eventId: string;
  position: string;
  type: string;
  at: number;
  /** The event in a sentence. */
  text: string;
  actor: string;
  stream: string;
  scope: { taskId?: string; workflowId?: string };
}

interface ChainLink extends Told {
  command: string | null;
  link: 'root' | 'recorded' | 'inferred';
  because: string;
}

interface Explanation {
  chain: ChainLink[];
  cut: string | null;
  followed: Told[];
  followedMore: boolean;
}

/** Why something is as it is: the event, the chain of those that led to it, and what followed. */
export function ExplainDrawer() {
  const what = useSelector(explained, (now) => now);
  const past = usePast();
  const input = what && {
    of: what.evidence.eventId,
    position: what.evidence.position,
    // What lies behind the moment that the page shows is explained by all that is known.
    ...(past !== null && BigInt(what.evidence.position) <= BigInt(past) && { at: past }),
  };
  const { state, result, failure } = useQuery<Explanation>(what ? 'explain' : null, input);
  if (!what) return null;
  return (
    <Dialog as="drawer" open onClose={() => explained.set(null)} title={`Why: ${what.title}`}>
      {state === 'loading' && <div className="loading" role="status" aria-label="Loading" />}
      <Refusal of={failure} />
      {result && (
        <>
          <ol className="chain" aria-label="What it rests on, the nearest first">
            {result.chain.toReversed().map((one, n) => (
              <Step key={one.eventId} of={one} asked={n === 0} />
            ))}
          </ol>
          {result.cut !== null && <p className="dim">{result.cut}</p>}
          {result.followed.length > 0 && (
            <section>
              <h3 className="dim">
                What followed{result.followedMore ? ', as far as it was looked at' : ''}:{' '}
                {count(result.followed.length, 'event')}
              </h3>
              <ul className="chain followed">
                {result.followed.map((one) => (
                  <li key={one.eventId}>
                    <What of={one} />
                  </li>
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </Dialog>
  );
}

function Step({ of, asked }: { of: ChainLink; asked: boolean }) {
  return (
    <li className={`${of.link} ${asked ? 'asked' : ''}`}>
      <What of={of} command={of.command} asked={asked} />
      {asked && <Details of={of} />}
      {/* A link that nobody recorded is drawn dashed, and says that it was concluded. */}
      {of.link !== 'recorded' && (
        <p className="because">
          {of.link === 'inferred' && <em>concluded: </em>}
          {of.because}
        </p>
      )}
    </li>
  );
}

/** A click on another event than the one that was asked about goes on from there. */
function What({ of, command = null, asked = false }: { of: Told; command?: string | null; asked?: boolean }) {
  return (
    <>
      {asked ? (
        <p className="what">{of.text}</p>
      ) : (
        <button
          type="button"
          className="what"
          title={`${of.type}; click for what led to this`}
          onClick={() => explain({ evidence: of, title: of.text })}
        >
          {of.text}
        </button>
      )}
      <p className="dim small">
        <Age at={of.at} /> ago · {of.type}
        {command !== null && ` by ${command}`} · {of.actor} · position {of.position}
      </p>
    </>
  );
}

function Details({ of }: { of: Told }) {
  const past = usePast();
  const [open, setOpen] = useState(false);
  const close = () => explained.set(null);
  const [kind, id = ''] = of.stream.split('-');
  return (
    <div className="row">
      <IdChip id={of.eventId} />
      {kind === 'bestOfN' && (
        <Link href={pathTo('best-of-n', [id])} onFollow={close}>
          its candidates
        </Link>
      )}
      {of.scope.workflowId && (
        <Link href={pathTo('workflows', [of.scope.workflowId])} onFollow={close}>
          its run
        </Link>
      )}
      {of.scope.taskId && (
        <Link href={pathTo('task', [of.scope.taskId])} onFollow={close}>
          its task
        </Link>
      )}
      {past !== of.position && (
        <Button
          onClick={() => {
            showPast(of.position);
            close();
          }}
        >
          Show everything as it was then
        </Button>
      )}
      <Button look="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? 'Hide' : 'Show'} what was recorded
      </Button>
      {open && <Recorded position={of.position} />}
    </div>
  );
}

/** The event as it stands in the log. */
function Recorded({ position }: { position: string }) {
  const after = String(BigInt(position) - 1n);
  const { result, failure } = useQuery<{ events: { data: unknown }[] }>('get_events', { after, limit: 1 });
  return (
    <div className="recorded">
      <Refusal of={failure} />
      {result?.events[0] && <Json value={result.events[0].data} />}
    </div>
  );
}
