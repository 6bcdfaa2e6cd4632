import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { usePast } from './moment.ts';
import { follow, LOADING, type Row, type View } from './view-registry.ts';

const NOTHING = () => () => {};

/**
 * A view, live, or as it was at the position that the page shows. Components that ask the same share one subscription.
 *
 * `name` null: nothing is asked, and it stays `loading`. `R` and `S` say what rows and summary are, as the view’s page in
 * the documentation tells; nobody checks them here.
 */
export function useView<R extends object = Row, S extends object = Row>(
  name: string | null,
  params: Row = {},
): View<R, S> {
  const at = usePast();
  // The same parameters in a new object are the same parameters.
  const asked = JSON.stringify(params);
  const one = useMemo(() => (name === null ? null : follow(name, JSON.parse(asked) as Row, at)), [name, asked, at]);
  const view = useSyncExternalStore(
    one?.subscribe ?? NOTHING,
    useCallback(() => one?.get() ?? LOADING, [one]),
  );
  return view as unknown as View<R, S>;
}
