import { useSyncExternalStore } from 'react';
import { go } from '../app/router.ts';
import { toast } from '../app/toasts.tsx';
import { follow } from '../server/view-registry.ts';
import { type Matter, newsOf, nextMatter, placeOf } from './matters.ts';
import { notifies } from './notify.ts';

/** What waits now, whatever moment the page shows. */
const inbox = () => follow('inbox', {}, null);
let known: ReadonlySet<string> | null = null;
let last: string | null = null;

function matters(): readonly Matter[] {
  return inbox().get().rows as unknown as readonly Matter[];
}

/** Follows the inbox as long as somebody shows it, and tells of what is new. */
export function useWaiting(): readonly Matter[] {
  return useSyncExternalStore(subscribe, matters);
}

function subscribe(listener: () => void): () => void {
  return inbox().subscribe(() => {
    tell();
    listener();
  });
}

function tell(): void {
  if (inbox().get().state !== 'live') return;
  const news = newsOf(known, matters());
  known = news.known;
  for (const matter of news.fresh) notifies(matter, () => go(placeOf(matter)));
}

/** Goes to what waits next. */
export function goToNext(): void {
  const next = nextMatter(matters(), last);
  if (!next) return toast('Nothing waits for you.');
  last = next.matterId;
  toast(next.title);
  go(placeOf(next));
}
