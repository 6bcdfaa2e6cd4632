import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { placesOf } from '../support/browser/places.ts';
import { describeInBrowser } from '../support/browser/visit.ts';
import { loginLink, shown } from '../support/browser/window.ts';
import { makeScene, type Scene } from '../support/scene.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const GRAVE = ['serious', 'critical'];

describeInBrowser('every screen in the past', (visit) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene();
  });
  afterAll(() => scene?.end());

  it('says that it is, shows something, is as readable as now, and sends nothing that changes anything', async () => {
    const { page, context } = await visit({ reducedMotion: 'reduce' });
    await context.addInitScript({ content: AXE });
    const { operator } = scene.product;
    const at = String(BigInt(await operator.head()) - 3n);
    const sent: string[] = [];
    page.on('request', (request) => void (request.url().includes('/api/commands/') && sent.push(request.url())));
    await page.goto(await loginLink(scene.product, scene.server.url));
    await shown(page);
    const found: string[] = [];
    for (const path of await placesOf(page, scene)) {
      const url = new URL(path, scene.server.url);
      url.searchParams.set('at', at);
      await page.goto(url.href);
      await shown(page);
      // A dialog before the screen hides it from who cannot see, and not from sight.
      await page.locator('section[aria-label="The past"]').getByText('read-only').waitFor();
      for (const trouble of ['This cannot be shown', 'went wrong', 'There is no such screen'])
        if ((await page.getByText(trouble).count()) > 0) found.push(`${path}: ${trouble}`);
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = (await page.evaluate(
          'axe.run(document, { resultTypes: ["violations"] })',
        )) as AxeResults;
        for (const { id, impact, nodes } of violations)
          if (GRAVE.includes(String(impact)))
            found.push(`${path} ${colorScheme}: ${id} ${nodes.map(({ html }) => html).join(' ')}`.slice(0, 400));
      }
    }
    expect(found).toEqual([]);
    expect(sent).toEqual([]);
  });
});
