import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser/visit.ts';
import { loginLink, shown } from '../support/browser/window.ts';
import { makeScene, type Scene } from '../support/scene.ts';

describeInBrowser('candidates, checks and costs', (visit) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene();
  });
  afterAll(() => scene?.end());

  async function see(path: string): Promise<Page> {
    const { page } = await visit();
    await page.goto(await loginLink(scene.product, scene.server.url));
    await page.goto(new URL(path, scene.server.url).href);
    await shown(page);
    return page;
  }

  it('shows candidates side by side with who won and why, and who would have won by another score', async () => {
    const page = await see('/best-of-n');
    await page.getByRole('link', { name: 'Charge half for what is far' }).click();
    await page.getByRole('columnheader', { name: /Variant 0/ }).waitFor();
    expect(await page.getByRole('columnheader', { name: /Variant \d/ }).count()).toBe(3);
    expect(await page.getByRole('columnheader', { name: /won/ }).count()).toBe(1);
    for (const name of ['Verdict', 'Score', 'tests ×1', 'constraints ×1', 'Changed lines', 'Built in'])
      expect(await page.getByRole('rowheader', { name }).count(), name).toBe(1);
    expect(await page.getByRole('button', { name: 'Cancel' }).getAttribute('title')).toBe('It is over.');

    await page.getByRole('button', { name: 'Rescore' }).click();
    const score = page.getByLabel('What counts how much');
    await score.fill('moon=1');
    const submit = page.getByRole('dialog').getByRole('button', { name: 'Rescore' });
    await submit.click();
    // Refused where it was asked, in words.
    await page.getByRole('dialog').getByRole('alert').waitFor();
    await score.fill('tests=1');
    await submit.click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByLabel('Verdict').selectOption('2');
    // Recorded, and counted no more.
    await page.getByRole('rowheader', { name: 'constraints ×0' }).waitFor();

    await page.getByRole('link', { name: 'diff' }).first().click();
    await page.getByRole('tab', { name: 'Diff', selected: true }).waitFor();
  });

  it('leads from a check to what failed in it, and from its verdict to what led there', async () => {
    const page = await see('/checks');
    await page.getByRole('radio', { name: /Before/ }).check({ force: true });
    const row = page.getByRole('row').filter({ hasText: 'the whole run' }).first();
    await row
      .getByText(/passed|failed/)
      .last()
      .click();
    const drawer = page.getByRole('dialog', { name: /before a run began/ });
    await drawer.getByText('The end of its output').waitFor();
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });

    await row
      .getByRole('button', { name: /passed|failed/ })
      .first()
      .click();
    const why = page.getByRole('dialog', { name: /^Why: / });
    await why.getByText('The checks on the base commit').waitFor();
    await why.getByText('operator', { exact: false }).first().waitFor();
  });

  it('sums what was told, by task and by agent, and says what nobody told', async () => {
    const page = await see('/costs?by=agent');
    const cell = (of: string) => page.getByRole('row').filter({ hasText: of });
    await cell('scripted').getByText('$0.44').waitFor();
    await page.getByRole('radio', { name: 'Task' }).check({ force: true });
    await cell('Move the parser to the new tokenizer').getByText('$0.29').waitFor();
    expect(new URL(page.url()).searchParams.get('by')).toBe('task');
    await page.getByText(/agents? told nothing/).waitFor();
  });
});
