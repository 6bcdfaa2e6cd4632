import { createAtom, useSelector } from '@xstate/store-react';
import type { MouseEvent } from 'react';
import type { PagePath } from '../../../src/transport/page-paths.ts';
import { moment } from '../server/moment.ts';

/** Where the page is: `/task/tsk_…?tab=diff` is screen `task`, rest `['tsk_…']`, query `{tab: 'diff'}`. */
export interface Route {
  screen: string;
  rest: readonly string[];
  query: Readonly<Record<string, string>>;
}

export function parseRoute(pathname: string, search: string): Route {
  const [screen = '', ...rest] = pathname.split('/').filter(Boolean).map(decoded);
  return { screen: screen || 'fleet', rest, query: Object.fromEntries(new URLSearchParams(search)) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a screen. What is undefined or empty is left out of the query. */
export function pathTo(
  screen: PagePath,
  rest: readonly string[] = [],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = new URLSearchParams(given).toString();
  return `/${[screen, ...rest].map(encodeURIComponent).join('/')}${search && `?${search}`}`;
}

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
  if (replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  route.set(here());
  if (!replace) window.scrollTo(0, 0);
}

/** Changes the query of the address in place: filters, tabs, what is selected. Undefined takes a parameter away. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const query = { ...here().query, ...changes };
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = new URLSearchParams(given).toString();
  go(`${location.pathname}${search && `?${search}`}`, { replace: true });
}

/** For a link of the page: a plain click stays on it, any other does what the browser does. */
export function followLink(event: MouseEvent<HTMLAnchorElement>): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  event.preventDefault();
  go(event.currentTarget.pathname + event.currentTarget.search);
}
