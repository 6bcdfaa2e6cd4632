import { createAtom, useSelector } from '@xstate/store-react';

/** *Now*, or an earlier position of the log. In the past every view is read as it was, and nothing can be changed. */
export interface Moment {
  /** Decimal; null: now. */
  at: string | null;
}

export const moment = createAtom<Moment>({ at: null });

export function usePast(): string | null {
  return useSelector(moment, ({ at }) => at);
}

export function showPast(at: string): void {
  moment.set({ at });
}

export function showNow(): void {
  moment.set({ at: null });
}
