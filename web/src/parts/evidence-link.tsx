import type { ReactNode } from 'react';
import { type Evidence, explain } from '../app/explained.ts';

/** Something that rests on an event: a click opens the chain that led to it. Without evidence it is plain text. */
export function EvidenceLink({
  evidence,
  title,
  children,
}: {
  evidence: Evidence | null | undefined;
  /** What is explained, in words. */
  title: string;
  children: ReactNode;
}) {
  if (!evidence) return children;
  return (
    <button
      type="button"
      className="evidence"
      title={`${evidence.type}; click for what led to it`}
      onClick={(event) => {
        event.stopPropagation();
        explain({ evidence, title });
      }}
    >
      {children}
    </button>
  );
}
