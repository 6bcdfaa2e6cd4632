import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type UIEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { wordOf } from '../../../../src/transport/words/index.ts';
import { explain } from '../../app/explained.ts';
import { takeListKeys } from '../../app/list-keys.ts';
import { Button } from '../../parts/button.tsx';
import { exactTime } from '../../parts/format.ts';
import { NARROW, useMedia } from '../../parts/use-media.ts';
import { type Link, linkIndexer } from './links.ts';
import { LinkLines } from './link-lines.tsx';
import type { EventRow, Loaded } from './pages.ts';

/** Each row is as high as every other, so that a position in thousands of them is known without looking at them. */
const ROW_PX = 30;
const CARD_PX = 62;
const OVERSCAN = 20;
/** So near to an end counts as at it. */
const NEAR_PX = 40;
const OLDER_AT_PX = 1_200;

/**
 * The events in order, the newest at the end. It stays at the end while it is there; scrolled up it stays where it is, and
 * says how many are new.
 */
export function EventList({ loaded, onOlder }: { loaded: Loaded; onOlder(): void }) {
  const { rows, hasOlder, isLoadingOlder } = loaded;
  const scroll = useRef<HTMLDivElement>(null);
  const narrow = useMedia(NARROW);
  const rowPx = narrow ? CARD_PX : ROW_PX;
  const [active, setActive] = useState<string | null>(null);
  const [index] = useState(linkIndexer);
  const links = useMemo(() => index(rows), [index, rows]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowPx,
    overscan: OVERSCAN,
    useFlushSync: false,
  });
  useEffect(() => virtual.measure(), [rowPx, virtual]);
  // After the virtualizer, which begins at the top.
  const { isAtEnd, unseen, onScroll, toEnd } = useTail(scroll, rows, rowPx);

  const at = active === null ? -1 : rows.findIndex(({ eventId }) => eventId === active);
  const activeRow = rows[at];
  const moveTo = (wanted: number) => {
    const index = Math.max(0, Math.min(rows.length - 1, wanted));
    const row = rows[index];
    if (!row) return;
    setActive(row.eventId);
    virtual.scrollToIndex(index);
    // The list has the focus and says which row is meant: a row goes when it is out of sight, and would take the focus with it.
    scroll.current?.focus({ preventScroll: true });
  };
  const actions = useRef({ move: (_by: number) => {}, open: () => {} });
  // Before the next key, however fast it comes.
  useLayoutEffect(() => {
    actions.current = {
      move: (by) => moveTo(at < 0 ? rows.length - 1 : at + by),
      open: () => activeRow && open(activeRow),
    };
  });
  useEffect(() => takeListKeys({ move: (by) => actions.current.move(by), open: () => actions.current.open() }), []);

  // The first page may be shorter than the screen.
  const needsOlder = () => (scroll.current?.scrollTop ?? 0) < OLDER_AT_PX && hasOlder && !isLoadingOlder;
  useEffect(() => {
    if (needsOlder()) onOlder();
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 0) / rowPx) - 1);
    const from = at < 0 ? rows.length - 1 : at;
    const steps: Record<string, number> = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: rows.length - 1 };
    const step = { ...steps, PageUp: from - page, PageDown: from + page }[event.key];
    const linked = {
      ArrowLeft: links.causeOf(at)?.index,
      ArrowRight: links.effectsOf(at)[0]?.index,
    }[event.key];
    if (step !== undefined) moveTo(step);
    else if (linked !== undefined && linked !== null) moveTo(linked);
    else if (event.key === 'Enter' && activeRow) open(activeRow);
    else return;
    event.preventDefault();
  };

  const items = virtual.getVirtualItems();
  return (
    <div className="events-frame">
      <div
        ref={scroll}
        className={`table events ${narrow ? 'events-narrow' : ''}`}
        role="grid"
        aria-label="Events"
        aria-rowcount={rows.length}
        tabIndex={0}
        aria-activedescendant={activeRow && items.some(({ index }) => index === at) ? rowId(activeRow) : undefined}
        onKeyDown={onKeyDown}
        onScroll={(event: UIEvent<HTMLDivElement>) => {
          onScroll(event.currentTarget);
          if (needsOlder()) onOlder();
        }}
      >
        <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }}>
          {activeRow && items.length > 0 && (
            <LinkLines
              row={at}
              cause={links.causeOf(at)}
              effects={links.effectsOf(at)}
              rowPx={rowPx}
              from={items[0]?.index ?? 0}
              to={items.at(-1)?.index ?? 0}
            />
          )}
          {items.map(({ index, start }) => {
            const row = rows[index] as EventRow;
            return (
              <EventLine
                key={row.eventId}
                row={row}
                index={index}
                top={start}
                cause={links.causeOf(index)}
                isActive={row.eventId === active}
                onJump={(to) => moveTo(to)}
                onOpen={() => {
                  setActive(row.eventId);
                  open(row);
                }}
              />
            );
          })}
        </div>
      </div>
      {isLoadingOlder && <div className="loading events-older" role="status" aria-label="Loading earlier events" />}
      {!isAtEnd && unseen > 0 && (
        <Button className="events-new" look="primary" onClick={toEnd}>
          ↓ {unseen} new
        </Button>
      )}
    </div>
  );
}

function rowId({ eventId }: EventRow): string {
  return `row-${eventId}`;
}

function open({ eventId, position, type, at }: EventRow): void {
  explain({ evidence: { eventId, position, type, at }, title: type });
}

interface EventLineProps {
  row: EventRow;
  index: number;
  top: number;
  cause: Link | null;
  isActive: boolean;
  onJump(index: number): void;
  onOpen(): void;
}

function EventLine({ row, index, top, cause, isActive, onJump, onOpen }: EventLineProps) {
  const { position, type, at, text, actor, from, to } = row;
  const step =
    from !== null && from !== 'absent' && to !== null && from !== to ? `${wordOf(from)} → ${wordOf(to)}` : '';
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- The grid above hears the keys of its rows.
    <div
      role="row"
      id={rowId(row)}
      aria-rowindex={index + 1}
      aria-selected={isActive || undefined}
      className="table-row opens event"
      style={{ transform: `translateY(${top}px)` }}
      onClick={(click) => {
        if (!(click.target as HTMLElement).closest('button')) onOpen();
      }}
    >
      <div role="gridcell" className="cell event-position mono dim">
        {position}
      </div>
      <div role="gridcell" className="cell event-time dim">
        <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
          {new Date(at).toLocaleTimeString('en-GB')}
        </time>
      </div>
      <div role="gridcell" className="cell event-type">
        {type}
      </div>
      <div role="gridcell" className="cell event-text" title={text}>
        {text}
        {step && <span className="dim"> · {step}</span>}
      </div>
      <div role="gridcell" className="cell event-actor dim" title={actor}>
        {actorWord(actor)}
      </div>
      <div role="gridcell" className="cell event-cause">
        <Cause cause={cause} onJump={onJump} />
      </div>
    </div>
  );
}

/** `agent:agt_01k…f3q` as `agent f3q…`: who, and which one as its id ends. */
function actorWord(actor: string): string {
  const [kind = actor, id] = actor.split(':');
  return id === undefined ? kind : `${kind} ${id.length > 14 ? `…${id.slice(-6)}` : id}`;
}

function Cause({ cause, onJump }: { cause: Link | null; onJump(index: number): void }) {
  if (cause === null)
    return (
      <span className="dim" title="Nothing led to it: a person asked for it, or the server began it.">
        –
      </span>
    );
  const { kind, because, index, position } = cause;
  const arrow = kind === 'recorded' ? '←' : '⇠';
  if (index === null)
    return (
      <span className={`link-${kind} dim`} title={`${because}. It is not among the events that are loaded.`}>
        {arrow} earlier
      </span>
    );
  return (
    <button
      type="button"
      tabIndex={-1}
      className={`link-${kind}`}
      title={`${because}. Go to it: ← from the row; → goes to what followed.`}
      onClick={() => onJump(index)}
    >
      {arrow} {position}
    </button>
  );
}

/** Keeps the end in sight while it is, and what is seen where it is when earlier events come in above. */
function useTail(scroll: { current: HTMLDivElement | null }, rows: readonly EventRow[], rowPx: number) {
  const [isAtEnd, setAtEnd] = useState(true);
  /** How many there were when the end was last in sight. */
  const [seenLast, setSeenLast] = useState<string | null>(null);
  const before = useRef<{ first: string | undefined; count: number }>({ first: undefined, count: 0 });
  const stays = useRef(true);

  useLayoutEffect(() => {
    const element = scroll.current;
    const { first, count } = before.current;
    before.current = { first: rows[0]?.eventId, count: rows.length };
    if (!element || rows.length === count) return;
    const added = first === undefined ? 0 : rows.findIndex(({ eventId }) => eventId === first);
    if (stays.current) element.scrollTop = element.scrollHeight;
    else if (added > 0) element.scrollTop += added * rowPx;
  }, [rows, rowPx, scroll]);

  const last = rows.at(-1)?.eventId ?? null;
  useEffect(() => {
    if (isAtEnd) setSeenLast(last);
  }, [isAtEnd, last]);
  const unseen = useMemo(() => {
    const at = rows.findLastIndex(({ eventId }) => eventId === seenLast);
    return at < 0 ? 0 : rows.length - 1 - at;
  }, [rows, seenLast]);

  return {
    isAtEnd,
    unseen,
    onScroll(element: HTMLDivElement) {
      const now = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      stays.current = now;
      setAtEnd(now);
    },
    toEnd() {
      if (scroll.current) scroll.current.scrollTop = scroll.current.scrollHeight;
    },
  };
}
