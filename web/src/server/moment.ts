import { createAtom, useSelector } from '@xstate/store-react';

/** *Now*, or an earlier position of the log. In the past every view is read as it was, and nothing can be changed. */
export interface Moment {
  /** Decimal; null: now. */
  at: string | null;
}

const PARAMETER = 'at';

/** A reload, and whoever is sent the address, see the same moment. */
function given(): string | null {
  const at = new URLSearchParams(location.search).get(PARAMETER);
  return at !== null && /^\d{1,20}$/.test(at) ? at : null;
}

export const moment = createAtom<Moment>({ at: given() });

// Back and on in the browser's history lead to addresses, and those say which moment.
window.addEventListener('popstate', () => moment.set({ at: given() }));

export function usePast(): string | null {
  return useSelector(moment, ({ at }) => at);
}

/** Puts the whole page to a position of the log. */
export function showPast(at: string): void {
  set(at);
}

export function showNow(): void {
  set(null);
}

function set(at: string | null): void {
  moment.set({ at });
  const url = new URL(location.href);
  if (at === null) url.searchParams.delete(PARAMETER);
  else url.searchParams.set(PARAMETER, at);
  history.replaceState(history.state, '', url);
}
