import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Product } from '../product.ts';
import { CHROMIUM_FLAGS, findChromium } from './chromium.ts';

/** What a person has in front of them, and what went wrong in it. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  /** Errors of scripts, errors on the console, violations of the policy, dialogs. A test that leaves one there fails. */
  faults: string[];
}

/** Above what a page takes on a busy machine: whoever waits for it in vain is told what was waited for. */
const PATIENCE_MS = 30_000;

/** In the page: its policy's violations reach the console only where nobody catches them. */
const TELL_VIOLATIONS = `addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber, columnNumber }) =>
  tellViolation([violatedDirective, blockedURI, sourceFile, lineNumber, columnNumber].join(' ')));`;

/** With a profile of its own, which goes with it. */
export function launchChromium(): Promise<Browser> {
  const { path, missing } = findChromium();
  if (missing !== null) throw new Error(missing);
  return chromium.launch({ executablePath: path, args: CHROMIUM_FLAGS });
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

/** The page is dark unless somebody chose otherwise: here somebody chose what the system says, which a test can change. */
export async function followSystemTheme(context: BrowserContext): Promise<void> {
  await context.addInitScript({ content: `localStorage.setItem('heph.theme', 'system')` });
}

/** A link that lets a browser in, once. */
export async function loginLink(product: Product, url: string): Promise<string> {
  const { text } = await product.operator.ask('/api/login-codes', {});
  return new URL((JSON.parse(text) as { path: string }).path, url).href;
}

/** Resolves when the page shows a screen with what belongs on it. */
export async function shown(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  // Nothing in it is still on its way.
  await page.locator('.loading, [aria-busy=true]').first().waitFor({ state: 'detached' });
}
