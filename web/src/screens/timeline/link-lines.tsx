import type { Link } from './links.ts';

const CAUSE_X = 9;
const EFFECT_X = 17;
const WIDTH = 24;

/**
 * Lines from the cause of a row to it and from it to what it led to, in the margin beside the rows: recorded ones whole, inferred
 * ones broken. Only as far as rows are rendered, `from` and `to`; a line to one further away leaves the picture.
 */
export function LinkLines({
  row,
  cause,
  effects,
  rowPx,
  from,
  to,
}: {
  row: number;
  cause: Link | null;
  effects: readonly Link[];
  rowPx: number;
  from: number;
  to: number;
}) {
  const lines = [
    ...(cause === null || cause.index === null ? [] : [{ x: CAUSE_X, end: cause.index, kind: cause.kind }]),
    ...effects.flatMap(({ index, kind }) => (index === null ? [] : [{ x: EFFECT_X, end: index, kind }])),
  ];
  const y = (index: number) => (Math.max(from - 1, Math.min(to + 1, index)) - from + 0.5) * rowPx;
  return (
    <svg
      className="link-lines"
      aria-hidden="true"
      width={WIDTH}
      height={(to - from + 1) * rowPx}
      style={{ transform: `translateY(${from * rowPx}px)` }}
    >
      {lines.map(({ x, end, kind }) => (
        <g key={`${x} ${end}`} className={`line-${kind}`}>
          <path d={`M ${WIDTH} ${y(end)} H ${x} V ${y(row)} H ${WIDTH}`} />
          <path className="line-head" d={headAt(Math.max(end, row) === row ? y(row) : y(end))} />
        </g>
      ))}
    </svg>
  );
}

/** Points at what came later. */
function headAt(y: number): string {
  return `M ${WIDTH - 5} ${y - 3.5} L ${WIDTH} ${y} L ${WIDTH - 5} ${y + 3.5}`;
}
