import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { findChromium } from '../tests/support/browser/chromium.ts';
import { launchChromium, loginLink, openVisit, shown } from '../tests/support/browser/window.ts';
import packed from '../tests/support/packed.ts';
import { ROOT } from '../tests/support/source-files.ts';
import { type BenchOptions, type Figure, figureOf } from './measure.ts';
import { type BarePage, openBarePage } from './support/bare-page.ts';
import { within } from './support/goals.ts';
import type { LargeWorkspace } from './support/large-workspace.ts';
import { forgetWorst, heapMb, probing, readProbe } from './support/page-probes.ts';

const ROUNDS = 5;
const TRIES_MAX = 10_000;
/** The browser tells of no shorter wait. */
const TOLD_FROM_MS = 16;
const MB = 1024 * 1024;
/** What a reader sees of the fleet: its first row, and in one word whether it may start agents. */
const OURS = { selector: '[role=grid] [role=row][data-index]', word: '.facts .fact' };
const BARE = { selector: '#state', word: '#state' };

export function missing(): string | null {
  return findChromium().missing;
}

/** The page in a Chromium, over a log of many tasks; beside it a page of a few bytes with a socket. */
export async function run({ quick }: BenchOptions): Promise<Figure[]> {
  const undo = packed();
  // After the package is built: it says which programs the workspace starts.
  const { makeLargeWorkspace } = await import('./support/large-workspace.ts');
  const size = quick ? { tasks: 100, events: 1000 } : { tasks: 1000, events: 10_000 };
  const workspace = await makeLargeWorkspace(size);
  const browser = await launchChromium();
  const bare = await openBarePage();
  try {
    const sides = { browser, bare, workspace, state: await signedIn(browser, workspace) };
    return [
      await scriptFigure(sides),
      await firstScreenFigure(sides),
      await appendFigure(sides, quick ? 20 : 200),
      ...(await useFigures(sides, (quick ? 8 : 100) * MB)),
    ];
  } finally {
    await bare.close();
    await browser.close();
    await workspace.end();
    undo?.();
  }
}

interface Sides {
  browser: Browser;
  bare: BarePage;
  workspace: LargeWorkspace;
  state: Awaited<ReturnType<BrowserContext['storageState']>>;
}

/** The cookie, to be put into windows that have loaded nothing yet. */
async function signedIn(browser: Browser, { product, server }: LargeWorkspace): Promise<Sides['state']> {
  const { page, context } = await openVisit(browser);
  await page.goto(await loginLink(product, server.url));
  const state = await context.storageState();
  await context.close();
  return state;
}

async function inWindow<T>({ browser, state }: Sides, what: typeof OURS, use: (page: Page) => Promise<T>): Promise<T> {
  const { page, context, faults } = await openVisit(browser, { storageState: state });
  await probing(context, what);
  const result = await use(page);
  await context.close();
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return result;
}

/** Of the scripts that the first screen loads, packed by gzip; beside React with nothing. */
async function scriptFigure(sides: Sides): Promise<Figure> {
  const product = await inWindow(sides, OURS, async (page) => {
    const scripts: Promise<Buffer>[] = [];
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script') scripts.push(response.body());
    });
    await page.goto(`${sides.workspace.server.url}/fleet`);
    await page.locator(OURS.selector).first().waitFor();
    return packedKb(Buffer.concat(await Promise.all(scripts)));
  });
  return figureOf(
    { subject: 'script of the first screen, gzip', unit: 'kB', goal: within(350, 'kB') },
    [product],
    [await reactKb()],
  );
}

function packedKb(bytes: Uint8Array): number {
  return gzipSync(bytes, { level: 9 }).length / 1000;
}

async function reactKb(): Promise<number> {
  const { build } = await import('vite');
  const code = `import { createRoot } from 'react-dom/client';
    import { createElement } from 'react';
    createRoot(document.body).render(createElement('p'));`;
  const built = await build({
    root: join(ROOT, 'web'),
    configFile: false,
    logLevel: 'silent',
    plugins: [
      { name: 'alone', resolveId: (id) => (id === 'alone' ? id : null), load: (id) => (id === 'alone' ? code : null) },
    ],
    build: { write: false, rollupOptions: { input: 'alone' } },
  });
  const { output } = built as { output: { type: string; code?: string }[] };
  return packedKb(Buffer.from(output.map((one) => one.code ?? '').join('')));
}

/** From the beginning of a navigation with nothing kept to the first data in the document. */
async function firstScreenFigure(sides: Sides): Promise<Figure> {
  const loading = (what: typeof OURS, url: string) =>
    inWindow(sides, what, async (page) => {
      await page.goto(url);
      await page.locator(what.selector).first().waitFor();
      const { firstAt } = await readProbe(page);
      return firstAt - ((await page.evaluate('performance.timeOrigin')) as number);
    });
  const [product, floor]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    floor.push(await loading(BARE, sides.bare.url));
    product.push(await loading(OURS, `${sides.workspace.server.url}/fleet`));
  }
  return figureOf({ subject: 'first screen with data', unit: 'ms', goal: within(1000, 'ms') }, product, floor);
}

/** From the moment that the log names to the word in the document, one viewer, p95; the bare page is told at once. */
async function appendFigure(sides: Sides, count: number): Promise<Figure> {
  const { product: ours, server } = sides.workspace;
  const product = await inWindow(sides, OURS, async (page) => {
    await page.goto(`${server.url}/fleet`);
    await page.locator(OURS.word).first().waitFor();
    const after = await ours.operator.head();
    for (let n = 0; n < count; n++) {
      const [command, word] = n % 2 === 0 ? ['pause_fleet', 'paused'] : ['resume_fleet', 'open'];
      await ours.operator.command(command, {});
      await page.locator(OURS.word).first().filter({ hasText: word }).waitFor();
    }
    if (count % 2 === 1) await ours.operator.command('resume_fleet', {});
    const told = await ours.operator.events({ after, types: ['FleetPaused', 'FleetResumed'] });
    const { words } = await readProbe(page);
    return delays(
      told.slice(0, count).map(({ at }) => at),
      words.slice(-count).map(({ at }) => at),
    );
  });
  const floor = await inWindow(sides, BARE, async (page) => {
    await page.goto(sides.bare.url);
    await page.getByText('open').waitFor();
    const sent: number[] = [];
    for (let n = 0; n < count; n++) {
      sent.push(performance.timeOrigin + performance.now());
      sides.bare.tell(`word ${n}`);
      await page.getByText(`word ${n}`, { exact: true }).waitFor();
    }
    const { words } = await readProbe(page);
    return delays(
      sent,
      words.slice(-count).map(({ at }) => at),
    );
  });
  return figureOf({ subject: 'append → in the document, p95', unit: 'ms', goal: within(50, 'ms') }, [product], [floor]);
}

function delays(from: readonly number[], to: readonly number[]): number {
  if (from.length !== to.length) throw new Error(`${from.length} were told, ${to.length} were seen`);
  const all = from.map((at, n) => (to[n] as number) - at).sort((a, b) => a - b);
  return all[Math.floor(all.length * 0.95)] as number;
}

/** What a person meets who uses the page while all goes on: the worst wait, and what the page holds before and after. */
async function useFigures(sides: Sides, bytes: number): Promise<Figure[]> {
  const { server, agent, product } = sides.workspace;
  const floor = await inWindow(sides, BARE, async (page) => {
    await page.goto(sides.bare.url);
    await page.getByLabel('Filter').pressSequentially('something to look for');
    return worstOf(page);
  });
  return inWindow(sides, OURS, async (page) => {
    const session = await page.context().newCDPSession(page);
    const line = `${'0123456789abcdef'.repeat(4)} of what an agent prints\r\n`;
    const worst: Record<string, number> = {};
    for (const [name, path] of Object.entries({ queue: '/queue', timeline: '/timeline' })) {
      await page.goto(new URL(path, server.url).href);
      await shown(page);
      await forgetWorst(page);
      const busy = appending(product.operator, agent.taskId);
      await usedByHand(page);
      await busy.stop();
      worst[name] = await worstOf(page);
    }
    await page.goto(`${server.url}/task/${agent.taskId}`);
    await shown(page);
    await agent.print(line, 2000);
    await page.locator('.xterm-rows').getByText('of what an agent prints').first().waitFor();
    const before = await heapMb(session);
    await forgetWorst(page);
    const printed = agent.print(line, Math.ceil(bytes / line.length)).then(() => agent.print('that was all\r\n'));
    let over = false;
    void printed.finally(() => (over = true));
    while (!over) await usedByHand(page);
    await printed;
    const last = page.locator('.xterm-rows').getByText('that was all').first();
    // Whoever has scrolled up is left there.
    for (let tries = 0; tries < TRIES_MAX && !(await last.isVisible()); tries++) await page.mouse.wheel(0, 1_000_000);
    await last.waitFor();
    worst.terminal = await worstOf(page);
    const after = await heapMb(session);
    return [
      ...Object.entries(worst).map(([name, ms]) =>
        figureOf({ subject: `worst wait at the ${name}`, unit: 'ms', goal: within(100, 'ms') }, [ms], [floor]),
      ),
      figureOf(
        {
          subject: `heap after ${Math.round(bytes / MB)} MB were printed`,
          unit: 'MB',
          goal: within(Math.round(before * 1.5 + 10), 'MB'),
        },
        [after],
        [before],
      ),
    ];
  });
}

async function worstOf(page: Page): Promise<number> {
  const { worstEventMs, worstTaskMs } = await readProbe(page);
  return Math.max(worstEventMs, worstTaskMs, TOLD_FROM_MS);
}

/** Moves in what is there, looks for something, and goes back. */
async function usedByHand(page: Page): Promise<void> {
  await page.mouse.move(640, 400);
  for (let n = 0; n < 10; n++) await page.mouse.wheel(0, 3000);
  for (const key of ['j', 'j', 'j', 'k', 'End', 'Home']) await page.keyboard.press(key);
  await page.keyboard.press('Control+k');
  const palette = page.getByPlaceholder('Go to a screen');
  await palette.waitFor();
  await page.keyboard.type('fleet');
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'detached' });
  for (let n = 0; n < 10; n++) await page.mouse.wheel(0, -3000);
}

/** Appends without a pause, so that the page has something to follow. */
function appending(operator: LargeWorkspace['product']['operator'], taskId: string): { stop(): Promise<void> } {
  let going = true;
  const done = (async () => {
    for (let n = 0; going; n++)
      await operator.command('report_progress', { taskId, message: `Meanwhile ${n}`, fraction: null });
  })();
  return {
    async stop() {
      going = false;
      await done;
    },
  };
}
