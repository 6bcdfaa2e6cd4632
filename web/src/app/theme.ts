import { createAtom } from '@xstate/store-react';

export type Theme = 'dark' | 'light' | 'system';

const KEY = 'heph.theme';
const THEMES: readonly Theme[] = ['dark', 'light', 'system'];

function kept(): Theme {
  try {
    const found = localStorage.getItem(KEY);
    return THEMES.find((one) => one === found) ?? 'dark';
  } catch {
    return 'dark';
  }
}

/** Dark unless somebody chose otherwise; `system` follows `prefers-color-scheme`. Kept in this browser. */
export const theme = createAtom<Theme>(kept());

function show(value: Theme): void {
  document.documentElement.dataset.theme = value;
}
show(theme.get());

export function setTheme(value: Theme): void {
  theme.set(value);
  show(value);
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // A browser that keeps nothing: it is so until the page is closed.
  }
}

export function nextTheme(): void {
  setTheme(THEMES[(THEMES.indexOf(theme.get()) + 1) % THEMES.length] ?? 'dark');
}
