import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, memo, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { takeListKeys } from '../app/list-keys.ts';
import { NARROW, useMedia } from './use-media.ts';

export interface Column<R> {
  key: string;
  title: string;
  /** A track of the grid: `8rem`, `minmax(10rem, 2fr)`. */
  width: string;
  align?: 'end';
  render(row: R): ReactNode;
  /** With it a click on the title sorts; null goes last either way. */
  sort?(row: R): string | number | null;
}

export interface DataTableProps<R> {
  /** What the table is of, for who cannot see it. */
  label: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  rowKey(row: R): string;
  /** Enter, or a click on the row. */
  onOpen?(row: R): void;
  /** How deep in its tree the row is; the first column is indented by it. */
  depth?(row: R): number;
  /** In the place of the rows when there are none. */
  empty: ReactNode;
  /** Marked as the one that is open. */
  selected?: string | null;
}

const ROW_PX = 34;
const CARD_PX = 120;
const OVERSCAN = 8;

/**
 * Rows in columns; at a phone's width a card each. Only what is to be seen is rendered, so thousands cost nothing. By keyboard:
 * `j` `k` or the arrows move, Home and End jump, Enter opens. It fills the height that its parent leaves it.
 */
export function DataTable<R>({ label, columns, rows, rowKey, onOpen, depth, empty, selected }: DataTableProps<R>) {
  const scroll = useRef<HTMLDivElement>(null);
  const narrow = useMedia(NARROW);
  const { sorted, order, toggle } = useSorting(columns, rows);
  const [active, setActive] = useState<string | null>(null);
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => (narrow ? CARD_PX : ROW_PX),
    getItemKey: (index) => rowKey(sorted[index] as R),
    overscan: OVERSCAN,
    useFlushSync: false,
  });
  useEffect(() => virtual.measure(), [narrow, virtual]);

  const at = active === null ? -1 : sorted.findIndex((row) => rowKey(row) === active);
  const moveTo = (wanted: number) => {
    const index = Math.max(0, Math.min(sorted.length - 1, wanted));
    const row = sorted[index];
    if (row === undefined) return;
    setActive(rowKey(row));
    virtual.scrollToIndex(index);
    // Rendered by then: what is scrolled to is within the overscan, or comes with the next frame.
    requestAnimationFrame(() =>
      scroll.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus({ preventScroll: true }),
    );
  };
  const open = (row: R | undefined) => row !== undefined && onOpen?.(row);
  const actions = useRef({ move: (_by: number) => {}, open: () => {} });
  // Before the next key, however fast it comes.
  useLayoutEffect(() => {
    actions.current = { move: (by) => moveTo(at + by), open: () => open(sorted[at]) };
  });
  useEffect(() => takeListKeys({ move: (by) => actions.current.move(by), open: () => actions.current.open() }), []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget && !(event.target as HTMLElement).matches('[role=row]')) return;
    const step = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: sorted.length - 1 }[event.key];
    if (step !== undefined) moveTo(step);
    else if (event.key === 'Enter' && at >= 0) open(sorted[at]);
    else return;
    event.preventDefault();
  };

  const tracks = columns.map(({ width }) => width).join(' ');
  return (
    <div
      ref={scroll}
      className={`table ${narrow ? 'cards' : ''}`}
      role="grid"
      aria-label={label}
      aria-rowcount={sorted.length + 1}
      tabIndex={sorted.length > 0 && at < 0 ? 0 : -1}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className="table-head">
        <div role="row" aria-rowindex={1} className="table-row" style={{ gridTemplateColumns: tracks }}>
          {columns.map((column) => (
            <div
              key={column.key}
              role="columnheader"
              className={`cell ${column.align ?? ''}`}
              aria-sort={order?.key !== column.key ? undefined : order.down ? 'descending' : 'ascending'}
            >
              {column.sort ? (
                <button type="button" className="sort" onClick={() => toggle(column.key)}>
                  {column.title}
                  <span aria-hidden="true">{order?.key === column.key ? (order.down ? ' ↓' : ' ↑') : ''}</span>
                </button>
              ) : (
                column.title
              )}
            </div>
          ))}
        </div>
      </div>
      {sorted.length === 0 ? (
        <div role="rowgroup">
          <div role="row">
            <div role="gridcell">{empty}</div>
          </div>
        </div>
      ) : (
        <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = sorted[item.index] as R;
            const key = rowKey(row);
            return (
              <div
                key={key}
                // A row is as high as every other; a card is not.
                ref={narrow ? virtual.measureElement : undefined}
                data-index={item.index}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={selected === key || undefined}
                tabIndex={key === active ? 0 : -1}
                className={`table-row ${onOpen ? 'opens' : ''}`}
                style={{ gridTemplateColumns: tracks, transform: `translateY(${item.start}px)` }}
                onFocus={() => setActive(key)}
                onClick={(event) => {
                  const target = event.target as HTMLElement;
                  // What a cell opens elsewhere, such as a dialog, is below it for React only.
                  if (event.currentTarget.contains(target) && !target.closest('a, button, input, select, label'))
                    open(row);
                }}
              >
                <Cells row={row} columns={columns} depth={depth?.(row) ?? 0} />
              </div>
            );
          })}
        </div>
      )}
    </div>
  );
}

interface CellsProps<R> {
  row: R;
  columns: readonly Column<R>[];
  depth: number;
}

/** Rendered anew when the row is another one, not when the list moves or another row changes. */
const Cells = memo(function Cells<R>({ row, columns, depth }: CellsProps<R>) {
  return columns.map((column, index) => (
    <div key={column.key} role="gridcell" className={`cell ${column.align ?? ''}`} data-title={column.title}>
      {index === 0 && depth > 0 && <span className="indent" style={{ width: `${depth}rem` }} aria-hidden="true" />}
      {column.render(row)}
    </div>
  ));
}) as <R>(props: CellsProps<R>) => ReactNode;

interface Order {
  key: string;
  down: boolean;
}

/** As the view orders them, until somebody clicks a title: up, down, and back. */
function useSorting<R>(columns: readonly Column<R>[], rows: readonly R[]) {
  const [order, setOrder] = useState<Order | null>(null);
  const sorted = useMemo(() => {
    const sort = columns.find(({ key }) => key === order?.key)?.sort;
    if (!sort || !order) return rows;
    const sign = order.down ? -1 : 1;
    return rows
      .map((row) => ({ row, by: sort(row) }))
      .sort((a, b) => {
        if (a.by === null || b.by === null) return a.by === b.by ? 0 : a.by === null ? 1 : -1;
        return a.by === b.by ? 0 : a.by < b.by ? -sign : sign;
      })
      .map(({ row }) => row);
  }, [columns, rows, order]);
  const toggle = (key: string) =>
    setOrder((before) => (before?.key !== key ? { key, down: false } : before.down ? null : { key, down: true }));
  return { sorted, order, toggle };
}
