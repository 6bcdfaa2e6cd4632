import { coherenceWord, percent } from '../../../../src/transport/words/index.ts';
import { type Evidence, explain } from '../../app/explained.ts';
import { scoreWords } from './words.ts';

/** A score in colour, shape and word; a click opens the verdict that it rests on, and what led to it. */
export function Score({ score, evidence, why }: { score: number | null; evidence?: Evidence | null; why?: string }) {
  const { word, tone, shape } = coherenceWord(score);
  const inside = (
    <>
      <span className="shape" aria-hidden="true">
        {shape}
      </span>
      {score === null ? word : `${percent(score)} ${word}`}
    </>
  );
  const className = `pill tone-${tone}`;
  if (!evidence)
    return (
      <span className={className} title={why}>
        {inside}
      </span>
    );
  return (
    <button
      type="button"
      className={className}
      title={`${why ?? ''}\n${evidence.type}; click for what led to it`.trim()}
      onClick={(event) => {
        event.stopPropagation();
        explain({ evidence, title: scoreWords(score) });
      }}
    >
      {inside}
    </button>
  );
}
