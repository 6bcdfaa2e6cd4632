import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { findChromium } from './chromium.ts';
import { launchChromium, openVisit, type Visit } from './window.ts';

export interface VisitOptions extends BrowserContextOptions {
  /** Faults that the test itself brings about, such as a server that is not there. */
  expected?: RegExp[];
}

/** Opens a browser's window of its own: no cookie, nothing stored. */
export type Visiting = (options?: VisitOptions) => Promise<Visit>;

const found = findChromium();

/** A suite with one browser, or skipped with the reason in its name. After each test its windows are closed. */
export function describeInBrowser(name: string, define: (visit: Visiting) => void): void {
  describe.skipIf(found.missing)(`${name}${found.missing ? `: skipped, ${found.missing}` : ''}`, () => {
    let browser: Browser;
    let open: (Visit & { expected: RegExp[] })[] = [];
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser?.close());
    afterEach(async () => {
      const closing = open;
      open = [];
      await Promise.all(closing.map(({ context }) => context.close()));
      const faults = closing.flatMap((one) => one.faults.filter((fault) => !one.expected.some((re) => re.test(fault))));
      expect(faults).toEqual([]);
    });
    define(async ({ expected = [], ...options } = {}) => {
      const visit = await openVisit(browser, options);
      open.push({ ...visit, expected });
      return visit;
    });
  });
}
