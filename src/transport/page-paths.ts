/**
 * The first part of each address that is the page's: the server answers them, and what is below them, with the page, which
 * then shows the screen. A screen with a new address adds a word here.
 */
export const PAGE_PATHS = [
  'fleet',
  'queue',
  'workflows',
  'task',
  'best-of-n',
  'checks',
  'coherence',
  'timeline',
  'costs',
  'settings',
  'inbox',
] as const;

export type PagePath = (typeof PAGE_PATHS)[number];
