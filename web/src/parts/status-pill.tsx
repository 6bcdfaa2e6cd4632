import { stateWord, type Subject } from '../../../src/transport/words/index.ts';
import { type Evidence, explain } from '../app/explained.ts';

/**
 * A state as everybody says it: colour, shape and word. With its evidence a click opens the chain of events that produced it.
 * `note`: what was heard, for the hover.
 */
export function StatusPill({
  subject,
  state,
  evidence,
  note,
}: {
  subject: Subject;
  state: string;
  evidence?: Evidence | null | undefined;
  note?: string | null | undefined;
}) {
  const { word, tone, shape } = stateWord(subject, state);
  const inside = (
    <>
      <span className="shape" aria-hidden="true">
        {shape}
      </span>
      {word}
    </>
  );
  const className = `pill tone-${tone}`;
  if (!evidence)
    return (
      <span className={className} title={note ?? undefined}>
        {inside}
      </span>
    );
  return (
    <button
      type="button"
      className={className}
      title={`${note ? `${note}\n` : ''}${evidence.type}; click for what led to it`}
      onClick={(event) => {
        event.stopPropagation();
        explain({ evidence, title: word });
      }}
    >
      {inside}
    </button>
  );
}
