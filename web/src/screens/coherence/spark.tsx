import { count } from '../../../../src/transport/words/index.ts';
import { gapsIn, lineOf, sparkOf } from './line.ts';
import type { CoherenceRow } from './types.ts';
import { scoreWords } from './words.ts';

const WIDTH_PX = 120;
const HEIGHT_PX = 20;

/** An agent’s score over its life, small; the line is broken where nobody measured. */
export function Spark({ row, until }: { row: CoherenceRow; until: number | null }) {
  const line = lineOf(row.series, until);
  const pieces = sparkOf(line, WIDTH_PX, HEIGHT_PX);
  const gaps = gapsIn(line);
  const label = pieces.length === 0 ? 'never measured' : `${scoreWords(row.score)}, ${count(gaps, 'gap')}`;
  if (pieces.length === 0) return <span className="dim">{label}</span>;
  return (
    <svg
      className="spark"
      role="img"
      aria-label={`Score over time: ${label}`}
      width={WIDTH_PX}
      height={HEIGHT_PX + 2}
      viewBox={`0 -1 ${WIDTH_PX} ${HEIGHT_PX + 2}`}
    >
      {pieces.map((points) => (
        <polyline key={points} points={points} />
      ))}
    </svg>
  );
}
