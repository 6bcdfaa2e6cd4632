import './past.css';
import { useEffect, useRef, useState } from 'react';
import { ago } from '../../../src/transport/words/index.ts';
import { Button } from '../parts/button.tsx';
import { exactTime } from '../parts/format.ts';
import { serverNow } from '../server/clock.ts';
import { showNow, showPast, usePast } from '../server/moment.ts';
import { useQuery } from '../server/use-query.ts';
import { scaleOf } from './past-scale.ts';
import { type PastEvent, stepBack, stepOn } from './past-steps.ts';

interface Answer {
  rows: Record<string, PastEvent>;
  position: string;
}

const PLAY_MS = 700;
/** While the handle is dragged, the page follows when it rests for so long. */
const DRAG_MS = 90;

/** Marks the past plainly, on every screen, and moves about in it. Nothing while the page shows now. */
export function PastBanner() {
  const at = usePast();
  const isPast = at !== null;
  useEffect(() => {
    document.documentElement.toggleAttribute('data-past', isPast);
  }, [isPast]);
  return at === null ? null : <Past at={at} />;
}

function Past({ at }: { at: string }) {
  const [dragged, setDragged] = useState<string | null>(null);
  const here = useEnd('backwards', at);
  const last = useEnd('backwards');
  const first = useEnd('forwards');
  const scale = first.event && last.event ? scaleOf(first.event.position, last.event.position) : null;
  const isLast = last.event !== null && BigInt(at) >= BigInt(last.event.position);
  const isFirst = first.event !== null && BigInt(at) <= BigInt(first.event.position);
  const [isPlaying, setPlaying] = usePlaying(at);

  const rest = useRef<ReturnType<typeof setTimeout>>(undefined);
  const dragTo = (position: string) => {
    setPlaying(false);
    setDragged(position);
    clearTimeout(rest.current);
    rest.current = setTimeout(() => {
      showPast(position);
      setDragged(null);
    }, DRAG_MS);
  };
  useEffect(() => () => clearTimeout(rest.current), []);

  const shown = dragged ?? at;
  return (
    <section className="past" aria-label="The past">
      <p className="past-says" role="status">
        <strong>The past, read-only.</strong>{' '}
        {here.failure ? (
          `${here.failure.message} ${here.failure.next}`
        ) : here.event ? (
          <>
            <time dateTime={new Date(here.event.at).toISOString()} title={exactTime(here.event.at)}>
              {exactTime(here.event.at)}, {ago(serverNow() - here.event.at)}
            </time>
            <span className="past-event">
              {' '}
              · {here.event.type}: {here.event.text}
            </span>
          </>
        ) : (
          ' …'
        )}
      </p>
      <div className="past-moves">
        <Button
          onClick={stepBack}
          disabledReason={isFirst ? 'This is the first event.' : null}
          title="One event back, ["
        >
          ◂<span className="visually-hidden">One event back</span>
        </Button>
        <Button
          onClick={() => setPlaying(!isPlaying)}
          disabledReason={isLast ? 'This is the last event.' : null}
          title="Event by event, by itself"
        >
          {isPlaying ? 'Pause' : 'Play'}
        </Button>
        <Button
          onClick={() => void stepOn()}
          disabledReason={isLast ? 'This is the last event.' : null}
          title="One event on, ]"
        >
          ▸<span className="visually-hidden">One event on</span>
        </Button>
        <input
          type="range"
          className="past-range"
          aria-label="Position in the log"
          aria-valuetext={`position ${shown}`}
          min={0}
          max={scale?.max ?? 0}
          value={scale?.toValue(shown) ?? 0}
          disabled={!scale}
          onChange={({ target }) => scale && dragTo(scale.toPosition(Number(target.value)))}
        />
        <span className="past-position mono">
          {shown} of {last.event?.position ?? '…'}
        </span>
        <Button look="primary" onClick={showNow} title="g n">
          Back to now
        </Button>
      </div>
    </section>
  );
}

/** The event at an end of the log, or of the log as it was at a position. */
function useEnd(direction: 'forwards' | 'backwards', at?: string) {
  const asked = { view: 'timeline', params: { direction, limit: 1 }, ...(at !== undefined && { at }) };
  const { result, failure } = useQuery<Answer>('get_view', asked);
  // The last one stays to be read until the next is there.
  const known = useRef<PastEvent | null>(null);
  const event = (result && Object.values(result.rows)[0]) ?? null;
  useEffect(() => {
    if (event) known.current = event;
  }, [event]);
  return { event: event ?? (result ? null : known.current), failure };
}

/** Goes on by itself, one event after the other, until the last. */
function usePlaying(at: string): [boolean, (on: boolean) => void] {
  const [isPlaying, setPlaying] = useState(false);
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setTimeout(() => void stepOn().then((went) => went || setPlaying(false)), PLAY_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, at]);
  return [isPlaying, setPlaying];
}
