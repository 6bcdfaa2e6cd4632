import { useState } from 'react';
import { shortId } from './format.ts';

const SAID_MS = 1_200;

/** An id, short; a click copies the whole of it. */
export function IdChip({ id }: { id: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(id).then(
      () => {
        setCopied(true);
        setTimeout(() => setCopied(false), SAID_MS);
      },
      () => {},
    );
  return (
    <button
      type="button"
      className="id-chip"
      title={`${id} (click to copy)`}
      onClick={(event) => {
        event.stopPropagation();
        void copy();
      }}
    >
      {copied ? 'copied' : shortId(id)}
    </button>
  );
}
