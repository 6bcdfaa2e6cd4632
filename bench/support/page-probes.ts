import type { BrowserContext, CDPSession, Page } from 'playwright-core';

/** What is noted in a page from its first moment on: when what was waited for came, what took long, what changed when. */
const PROBE = `(() => {
  const now = () => performance.timeOrigin + performance.now();
  const probe = (globalThis.probe = { firstAt: 0, words: [], worstEventMs: 0, worstTaskMs: 0, selector: '', word: '' });
  const look = () => {
    if (!probe.firstAt && probe.selector && document.querySelector(probe.selector)?.textContent.trim()) probe.firstAt = now();
    const word = probe.word && document.querySelector(probe.word)?.textContent.trim();
    if (word && word !== probe.words.at(-1)?.word) probe.words.push({ word, at: now() });
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  const worst = (type, key, options) => new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) probe[key] = Math.max(probe[key], duration);
  }).observe({ type, buffered: true, ...options });
  worst('event', 'worstEventMs', { durationThreshold: 16 });
  worst('longtask', 'worstTaskMs', {});
})();`;

export interface Probe {
  /** When the page had something to show, of what `selector` names. Milliseconds since the Unix epoch. */
  firstAt: number;
  /** Each word that stood where `word` points, and since when. */
  words: { word: string; at: number }[];
  /** From a key or a click to the next picture, at the worst; below 16 ms nothing is told. */
  worstEventMs: number;
  /** That the page could answer nobody, at the worst. */
  worstTaskMs: number;
}

/** `selector`: what the page has when it shows data. `word`: what says in one word how things are. */
export async function probing(
  context: BrowserContext,
  { selector, word }: { selector: string; word: string },
): Promise<void> {
  await context.addInitScript({
    content: `${PROBE}
    probe.selector = ${JSON.stringify(selector)};
    probe.word = ${JSON.stringify(word)};`,
  });
}

export function readProbe(page: Page): Promise<Probe> {
  return page.evaluate('probe') as Promise<Probe>;
}

/** Sets the worst back, so that what is measured next stands alone. */
export async function forgetWorst(page: Page): Promise<void> {
  await page.evaluate('probe.worstEventMs = probe.worstTaskMs = 0');
}

/** What the page's scripts hold, in MB, once what nobody holds any more is gone. */
export async function heapMb(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { usedSize: number };
  return usedSize / 1e6;
}
