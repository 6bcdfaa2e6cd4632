import { createAtom } from '@xstate/store-react';
import type { Matter } from './matters.ts';

/** `asked`: the browser has been asked and has not said yes; `unsupported`: it has no notifications here. */
export type Notifying = 'on' | 'off' | 'denied' | 'unsupported';

const KEY = 'heph.notify';

function now(): Notifying {
  if (!('Notification' in window)) return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  return Notification.permission === 'granted' && localStorage.getItem(KEY) === 'on' ? 'on' : 'off';
}

export const notifying = createAtom<Notifying>(now());

/** Only a press of a button asks the browser for it. */
export async function turnOn(): Promise<void> {
  if (!('Notification' in window)) return;
  localStorage.setItem(KEY, 'on');
  await Notification.requestPermission();
  notifying.set(now());
}

export function turnOff(): void {
  localStorage.removeItem(KEY);
  notifying.set(now());
}

/** Tells of a matter outside of the page, unless somebody looks at the page. Several windows show it once. */
export function notifies({ matterId, title, text }: Matter, open: () => void): void {
  if (notifying.get() !== 'on' || document.hasFocus()) return;
  const notification = new Notification(title, { body: text.slice(0, 300), tag: matterId });
  notification.onclick = () => {
    window.focus();
    notification.close();
    open();
  };
}
