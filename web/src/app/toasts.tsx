import { createAtom, useSelector } from '@xstate/store-react';

interface Toast {
  n: number;
  text: string;
}

const SHOWN_MS = 5_000;
const SHOWN_MAX = 4;
const toasts = createAtom<readonly Toast[]>([]);
let said = 0;

/** Says something in passing, also to who listens to the page. Not for refusals: those stand where it was asked. */
export function toast(text: string): void {
  const n = ++said;
  toasts.set((all) => [...all, { n, text }].slice(-SHOWN_MAX));
  setTimeout(() => toasts.set((all) => all.filter((one) => one.n !== n)), SHOWN_MS);
}

export function Toasts() {
  const shown = useSelector(toasts, (all) => all);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ n, text }) => (
        <div key={n} className="toast">
          {text}
        </div>
      ))}
    </div>
  );
}
