import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser/visit.ts';
import { loginLink, shown } from '../support/browser/window.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { git, makeRepository, NESTED_LIBRARY } from '../support/repositories.ts';

/** What the page is for, from the form to the merged repair, by nothing but the page; and back in time through all of it. */
describeInBrowser('a repair that is launched from the page', (visit) => {
  let product: Product;
  let server: Up;
  let repository: string;
  beforeAll(async () => {
    product = createProduct();
    server = await product.up();
    repository = await makeRepository(join(product.root, 'repository'), NESTED_LIBRARY);
  });
  afterAll(async () => {
    await server?.stop();
    await product?.end();
  });

  it('is watched until it is merged, and can be looked at as it was', async () => {
    const { page } = await visit();
    await page.goto(await loginLink(product, server.url));
    await page.goto(new URL('/workflows', server.url).href);
    await shown(page);
    const before = await git(repository, 'rev-parse', 'main');
    await page.keyboard.press('c');
    const form = page.getByRole('dialog', { name: 'Start a workflow' });
    await form.getByLabel('Workflow').selectOption('bugfix');
    await form.getByLabel(/^Repository/).fill(repository);
    await form.getByLabel('Goal').fill('Make the tests pass');
    await form.getByRole('button', { name: 'Start' }).click();

    await page.getByRole('heading', { name: 'Make the tests pass' }).waitFor();
    await page.getByRole('button', { name: 'completed' }).first().waitFor();
    await page.getByRole('tab', { name: 'Result' }).click();
    await page.locator('.pill', { hasText: 'merged' }).waitFor();
    expect(await git(repository, 'rev-parse', 'main')).not.toBe(before);
    expect(await suitePasses(repository)).toBe(true);

    // As it was when its first agent had begun: every screen, plainly marked, and nothing can be changed.
    const { position } = await product.operator.until(['AgentStarted']);
    const run = page.url();
    await page.goto(`${server.url}/fleet?at=${position}`);
    await page.getByText('The past, read-only.').waitFor();
    await page.getByText('working').first().waitFor();
    const pause = page.getByRole('button', { name: 'Pause', exact: true }).first();
    expect(await pause.getAttribute('aria-disabled')).toBe('true');
    const asked = await product.operator.head();
    await pause.click({ force: true });
    // By the slider to the first event: there was nobody yet.
    const slider = page.getByRole('slider', { name: 'Position in the log' });
    await slider.focus();
    await page.keyboard.press('Home');
    await page.getByText('No agent').first().waitFor();
    expect(await slider.getAttribute('aria-valuetext')).toBe('position 1');
    await page.getByRole('button', { name: 'One event on' }).click();
    await expect.poll(() => slider.getAttribute('aria-valuetext')).toBe('position 2');
    expect(await product.operator.head()).toBe(asked);

    await page.goto(run);
    await shown(page);
    await page.getByRole('button', { name: 'completed' }).first().waitFor();
    expect(await page.getByText('The past, read-only.').count()).toBe(0);
  });

  it('is told of on a telephone, where agents can be steered as well', async () => {
    const { page } = await visit({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    await page.goto(await loginLink(product, server.url));
    for (const name of ['Fleet', 'Inbox']) {
      await page.getByRole('link', { name }).first().tap();
      await page.getByRole('heading', { level: 1, name }).waitFor();
      await shown(page);
    }
    await page.goto(new URL('/queue', server.url).href);
    await shown(page);
    await page.getByRole('button', { name: 'Pause the fleet' }).tap();
    await page.getByRole('button', { name: 'Resume the fleet' }).waitFor();
    await product.operator.until(['FleetPaused']);
    await page.getByRole('button', { name: 'Resume the fleet' }).tap();
    await page.getByRole('button', { name: 'Pause the fleet' }).waitFor();
  });
});

function suitePasses(cwd: string): Promise<boolean> {
  return new Promise((resolve) =>
    execFile(process.execPath, ['--test'], { cwd, env: { PATH: process.env.PATH } }, (error) =>
      resolve(error === null),
    ),
  );
}
