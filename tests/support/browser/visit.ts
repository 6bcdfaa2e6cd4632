import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import type { Product } from '../product.ts';
import { CHROMIUM_FLAGS, findChromium } from './chromium.ts';

/** What a person has in front of them, and what went wrong in it. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  /** Errors of scripts, errors on the console, violations of the policy, dialogs. A test that leaves one there fails. */
  faults: string[];
}

export interface VisitOptions extends BrowserContextOptions {
  /** Faults that the test itself brings about, such as a server that is not there. */
  expected?: RegExp[];
}

/** In the page: its policy's violations reach the console only where nobody catches them. */
const TELL_VIOLATIONS = `addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
  tellViolation(violatedDirective + ' ' + blockedURI + ' ' + sourceFile));`;

/** Opens a browser's window of its own: no cookie, nothing stored. */
export type Visiting = (options?: VisitOptions) => Promise<Visit>;

const found = findChromium();
/** Above what a page takes on a busy machine: whoever waits for it in vain is told what was waited for. */
const PATIENCE_MS = 30_000;

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

/** With a profile of its own, which goes with it. */
export function launchChromium(): Promise<Browser> {
  if (found.missing !== null) throw new Error(found.missing);
  return chromium.launch({ executablePath: found.path, args: CHROMIUM_FLAGS });
}

export async function openVisit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const faults: string[] = [];
  context.setDefaultTimeout(PATIENCE_MS);
  await context.exposeBinding('tellViolation', (_source, text: string) => void faults.push(`policy: ${text}`));
  await context.addInitScript({ content: TELL_VIOLATIONS });
  context.on('weberror', (error) => void faults.push(`error: ${String(error.error())}`));
  context.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  context.on('dialog', (dialog) => {
    faults.push(`${dialog.type()}: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { context, faults, page: await context.newPage() };
}

/** A link that lets a browser in, once. */
export async function loginLink(product: Product, url: string): Promise<string> {
  const { text } = await product.operator.ask('/api/login-codes', {});
  return new URL((JSON.parse(text) as { path: string }).path, url).href;
}
