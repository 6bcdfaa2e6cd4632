import { createAtom, useSelector } from '@xstate/store-react';
import { useEffect } from 'react';

const title = createAtom<string | null>(null);

/** What the bar and the browser’s tab say while the caller is shown, in the place of the screen’s name. */
export function useTitle(text: string | null): void {
  useEffect(() => {
    title.set(text);
    return () => title.set(null);
  }, [text]);
}

export function useShownTitle(screen: string): string {
  const own = useSelector(title, (now) => now);
  return own ?? screen;
}
