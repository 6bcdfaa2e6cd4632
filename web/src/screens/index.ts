import { type ComponentType, lazy, type LazyExoticComponent } from 'react';
import type { PagePath } from '../../../src/transport/page-paths.ts';

/** A screen: a folder here whose `index.tsx` exports its component as default, and a line in this list. */
export interface Screen {
  path: PagePath;
  title: string;
  /** Behind `g`. */
  key?: string;
  /** Whether it has a place in the navigation. */
  nav: boolean;
  Component: LazyExoticComponent<ComponentType>;
}

export const SCREENS: readonly Screen[] = [
  { path: 'fleet', title: 'Fleet', key: 'f', nav: true, Component: lazy(() => import('./fleet/index.tsx')) },
  { path: 'queue', title: 'Queue', key: 'q', nav: true, Component: lazy(() => import('./queue/index.tsx')) },
  {
    path: 'workflows',
    title: 'Workflows',
    key: 'w',
    nav: true,
    Component: lazy(() => import('./workflows/index.tsx')),
  },
  { path: 'inbox', title: 'Inbox', key: 'i', nav: false, Component: lazy(() => import('./inbox/index.tsx')) },
  {
    path: 'coherence',
    title: 'Coherence',
    key: 'o',
    nav: true,
    Component: lazy(() => import('./coherence/index.tsx')),
  },
  { path: 'task', title: 'Task', nav: false, Component: lazy(() => import('./task/index.tsx')) },
  {
    path: 'best-of-n',
    title: 'Best of N',
    key: 'v',
    nav: true,
    Component: lazy(() => import('./best-of-n/index.tsx')),
  },
  { path: 'checks', title: 'Checks', key: 'k', nav: true, Component: lazy(() => import('./checks/index.tsx')) },
  { path: 'costs', title: 'Costs', key: 'm', nav: true, Component: lazy(() => import('./costs/index.tsx')) },
  {
    path: 'timeline',
    title: 'Timeline',
    key: 't',
    nav: true,
    Component: lazy(() => import('./timeline/index.tsx')),
  },
  {
    path: 'settings',
    title: 'Settings',
    key: 's',
    nav: true,
    Component: lazy(() => import('./settings/index.tsx')),
  },
];
