import type { PagePath } from '../../../src/transport/page-paths.ts';

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
  return `/${[screen, ...rest].map(encodeURIComponent).join('/')}${searchOf(query)}`;
}

/** What is undefined or empty is left out. */
export function searchOf(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = new URLSearchParams(given).toString();
  return search && `?${search}`;
}
