import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { placesOf } from '../support/browser/places.ts';
import { describeInBrowser } from '../support/browser/visit.ts';
import { followSystemTheme, loginLink, shown } from '../support/browser/window.ts';
import { makeScene, type Scene } from '../support/scene.ts';

/** What holds for every screen, whatever is on it. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ALL = { resultTypes: ['violations'] };
/** What another theme can make worse. */
const COLOURS = { ...ALL, runOnly: ['color-contrast'] };
const MOVING = 'document.getAnimations().filter(({ playState }) => playState === "running").length';
const GRAVE = ['serious', 'critical'];
const NARROW = { width: 390, height: 844 };
/** More than there are places to stop at before the first table's rows. */
const TABS_MAX = 40;
const WIDE = { width: 1280, height: 800 };

describeInBrowser('every screen', (visit) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene();
  });
  afterAll(() => scene?.end());

  /** In one page, so that it is as it is for somebody who goes from screen to screen. */
  async function eachPlace(page: Page, look: (path: string) => Promise<void>): Promise<string[]> {
    await page.goto(await loginLink(scene.product, scene.server.url));
    await shown(page);
    const places = await placesOf(page, scene);
    for (const path of places) {
      await page.goto(new URL(path, scene.server.url).href);
      await shown(page);
      await look(path);
    }
    return places;
  }

  it('has nothing serious for axe, dark, light and narrow; fits a telephone; and is still for who wants no motion', async () => {
    const { page, context } = await visit({ reducedMotion: 'reduce' });
    await context.addInitScript({ content: AXE });
    await followSystemTheme(context);
    const [found, grounds]: [string[], Set<unknown>] = [[], new Set()];
    let passed = 0;
    const judge = async (where: string, options: object) => {
      const { violations, passes } = (await page.evaluate(
        `axe.run(document, ${JSON.stringify(options)})`,
      )) as AxeResults;
      passed += passes.length;
      for (const { id, impact, nodes } of violations)
        if (GRAVE.includes(String(impact)))
          found.push(`${where}: ${id} ${nodes.map(({ html }) => html).join(' ')}`.slice(0, 600));
    };
    const places = await eachPlace(page, async (path) => {
      for (const [colorScheme, size, options] of [
        ['light', WIDE, COLOURS],
        ['dark', WIDE, ALL],
        ['dark', NARROW, ALL],
      ] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize(size);
        grounds.add(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
        await judge(`${path} ${colorScheme} ${size.width}`, options);
      }
      const width = await page.evaluate('document.documentElement.scrollWidth');
      if (width !== NARROW.width) found.push(`${path} is ${String(width)} wide`);
      if ((await page.evaluate(MOVING)) !== 0) found.push(`${path} moves`);
      await page.setViewportSize(WIDE);
    });
    expect(found).toEqual([]);
    expect(passed).toBeGreaterThan(places.length * 10);
    // There was something to tell apart, and something that could have moved.
    expect(grounds.size).toBe(2);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    await page.goto(new URL('/fleet', scene.server.url).href);
    await page.getByText('working').first().waitFor();
    expect(await page.evaluate(MOVING)).toBeGreaterThan(0);
  });

  it('is reached and used by the keyboard alone', async () => {
    const { page } = await visit();
    await page.goto(await loginLink(scene.product, scene.server.url));
    await shown(page);
    const focused = () =>
      page.evaluate('document.activeElement.textContent || document.activeElement.ariaLabel') as Promise<string>;
    const met = new Set<string>();
    for (let n = 0; n < TABS_MAX; n++) {
      await page.keyboard.press('Tab');
      met.add(await focused());
    }
    const links = await page.getByRole('navigation', { name: 'Screens' }).getByRole('link').allTextContents();
    expect([...met]).toEqual(expect.arrayContaining([...links, 'Pause']));

    // The keys are listed, and what lists them closes.
    await page.keyboard.press('?');
    const help = page.getByRole('dialog');
    await expect.poll(() => help.innerText()).toContain('Go to Fleet');
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });

    for (const [number, link] of links.entries()) {
      const title = link.replace(/g .$/, '').trim();
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').waitFor();
      await page.keyboard.type(title);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      expect([number, await page.title()]).toEqual([number, `${title} · Hephaestus`]);
    }

    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await page.getByRole('heading', { level: 1, name: 'Fleet' }).waitFor();
    await shown(page);
    for (const key of ['j', 'k', 'k']) await page.keyboard.press(key);
    const agent = async () => /agt_…(\w{6})/.exec(await page.locator('[role=row]:focus').innerText())?.[1];
    const first = await agent();
    await page.keyboard.press('j');
    await expect.poll(agent).not.toBe(first);
    await page.keyboard.press('k');
    await expect.poll(agent).toBe(first);
  });
});
