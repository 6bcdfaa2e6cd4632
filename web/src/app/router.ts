import { createAtom, useSelector } from '@xstate/store-react';
import type { MouseEvent } from 'react';
import { moment } from '../server/moment.ts';
import { parseRoute, type Route, searchOf } from './route.ts';

export { pathTo } from './route.ts';

const here = () => parseRoute(location.pathname, location.search);
const route = createAtom<Route>(here());
window.addEventListener('popstate', () => route.set(here()));

export function useRoute(): Route {
  return useSelector(route, (now) => now);
}

/** Goes to an address of the page; `replace`: without a step that *back* would undo. The moment that is shown stays. */
export function go(path: string, { replace = false } = {}): void {
  const { at } = moment.get();
  const url = new URL(path, location.origin);
  if (at !== null) url.searchParams.set('at', at);
  if (replace) history.replaceState(history.state, '', url);
  else history.pushState({ steps: steps() + 1 }, '', url);
  route.set(here());
  if (!replace) window.scrollTo(0, 0);
}

/** How many places of the page lie before this one. */
function steps(): number {
  return (history.state as { steps?: number } | null)?.steps ?? 0;
}

/** To the place before, as long as that is of the page. */
export function goBack(): void {
  if (steps() > 0) history.back();
}

/** Changes the query of the address in place: filters, tabs, what is selected. Undefined takes a parameter away. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const query = { ...here().query, ...changes };
  go(location.pathname + searchOf(query), { replace: true });
}

/** For a link of the page: a plain click stays on it, any other does what the browser does. */
export function followLink(event: MouseEvent<HTMLAnchorElement>): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  event.preventDefault();
  go(event.currentTarget.pathname + event.currentTarget.search);
}
