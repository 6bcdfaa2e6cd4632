import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser/visit.ts';
import { loginLink, shown } from '../support/browser/window.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';

/** What a browser says by itself of a server that has ended before it. */
const NO_SERVER = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/;
/** More than three pages of the timeline. */
const EVENTS = 700;

describeInBrowser('the timeline, the past and the settings', (visit) => {
  let product: Product;
  let server: Up;
  beforeEach(async () => {
    product = createProduct();
    server = await product.up();
  });
  afterEach(() => product.end());

  async function see(path: string): Promise<Page> {
    const { page } = await visit({ expected: [NO_SERVER] });
    await page.goto(await loginLink(product, server.url));
    await shown(page);
    await page.goto(new URL(path, server.url).href);
    await shown(page);
    return page;
  }
  const setCap = (cap: number) => product.operator.command('set_config', { changes: { 'fleet.cap': cap } });
  const events = (page: Page) => page.getByRole('grid', { name: 'Events' });

  /** The positions that are on the screen, from the top. */
  async function positions(page: Page): Promise<number[]> {
    const texts = await events(page).locator('.event-position').allTextContents();
    return texts.map(Number).sort((a, b) => a - b);
  }

  it('shows every event once from the last to the first, renders few of them, and says what is new', async () => {
    for (let n = 1; n <= EVENTS; n++) await setCap((n % 100) + 1);
    const head = Number(await product.operator.head());
    const page = await see('/timeline');
    await events(page).getByText(String(head), { exact: true }).waitFor();

    await events(page).focus();
    for (let last = head + 1; last > 1; ) {
      const now = await positions(page);
      // What is rendered has no gap.
      expect(now).toEqual(Array.from({ length: now.length }, (_, n) => (now[0] as number) + n));
      expect(now.length).toBeLessThan(120);
      last = now[0] as number;
      // A row that is in sight is gone to without scrolling.
      const before = events(page).getByText(String(last - 1), { exact: true });
      while (last > 1 && (await before.count()) === 0) await page.keyboard.press('PageUp');
    }
    // Positions have no gaps here, so that each event has the row of its position.
    expect(await events(page).getAttribute('aria-rowcount')).toBe(String(head));
    for (const end of ['Home', 'End']) {
      await page.keyboard.press(end);
      await events(page)
        .getByText(end === 'Home' ? '1' : String(head), { exact: true })
        .waitFor();
      for (const row of await events(page).locator('.event').all())
        expect(await row.getAttribute('aria-rowindex')).toBe(await row.locator('.event-position').textContent());
    }

    await page.keyboard.press('Home');
    await setCap(150);
    await setCap(151);
    await page.getByRole('button', { name: '2 new' }).click();
    await events(page)
      .getByText(String(head + 2), { exact: true })
      .waitFor();
    await setCap(152);
    await events(page)
      .getByText(String(head + 3), { exact: true })
      .waitFor();

    await page.getByLabel('Text').fill('there is no such thing');
    await page.getByText('No event fits these filters').waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await events(page)
      .getByText(String(head + 3), { exact: true })
      .waitFor();
  }, 90_000);

  it('puts every screen into the past, by event and by address, and lets nothing be changed there', async () => {
    await setCap(11);
    const { position } = await setCap(12);
    await setCap(13);
    const page = await see('/settings?tab=settings');
    const cap = page.getByRole('row', { name: /fleet\.cap/ });
    const value = async (text: string) => cap.getByText(text, { exact: true }).waitFor();
    await value('13');
    await page.keyboard.press('[');
    await value('12');
    expect(new URL(page.url()).searchParams.get('at')).toBe(position);
    const banner = page.getByRole('region', { name: 'The past' });
    await banner.getByText('read-only').waitFor();
    await banner.getByText(/ConfigChanged/).waitFor();

    await page.reload();
    await shown(page);
    await value('12');
    await page.getByRole('link', { name: /Fleet/ }).click();
    const pause = page.getByRole('button', { name: 'Pause', exact: true });
    await pause.waitFor();
    expect(await pause.getAttribute('aria-disabled')).toBe('true');
    expect(await pause.getAttribute('title')).toContain('past');
    await pause.click({ force: true });
    expect(await product.operator.events({ types: ['FleetPaused'] })).toEqual([]);
    await page.getByRole('link', { name: /Settings/ }).click();
    await page.getByRole('tab', { name: 'Settings' }).click();
    await value('12');

    await page.keyboard.press('[');
    await value('11');
    await banner.getByRole('slider').focus();
    await page.keyboard.press('End');
    await value('13');
    await page.getByRole('button', { name: 'Back to now' }).click();
    await banner.waitFor({ state: 'detached' });
    await setCap(14);
    await value('14');
    expect(page.url()).not.toContain('at=');
  });

  it('goes on by itself until the last event', async () => {
    const { position } = await setCap(21);
    await setCap(22);
    await setCap(23);
    const page = await see(`/settings?tab=settings&at=${position}`);
    await page.getByRole('button', { name: 'Play' }).click();
    const cap = page.getByRole('row', { name: /fleet\.cap/ });
    for (const shownThen of ['22', '23']) await cap.getByText(shownThen, { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Play' }).waitFor();
    expect(await page.getByRole('button', { name: 'Play' }).getAttribute('title')).toContain('last event');
  });

  it('changes a setting by hand, shows a refusal beside it, and takes it back', async () => {
    const page = await see('/settings?tab=settings');
    const cap = page.getByRole('row', { name: /fleet\.cap/ });
    await cap.getByText('fleet.cap').click();
    const dialog = page.getByRole('dialog', { name: 'fleet.cap' });
    await dialog.getByLabel(/Value/).fill('9000');
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').getByText('config.refused').waitFor();
    await dialog.getByLabel(/Value/).fill('seven');
    await page.keyboard.press('Enter');
    await dialog.getByText('It is a number.').waitFor();
    await dialog.getByLabel(/Value/).fill('7');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await cap.getByText('operator').waitFor();
    await cap.getByText('7', { exact: true }).waitFor();
    const changes = await product.operator.events({ types: ['ConfigChanged'] });
    expect(changes.map(({ data }) => data.changes)).toEqual([{ 'fleet.cap': 7 }]);

    await cap.getByText('fleet.cap').click();
    await dialog.getByRole('button', { name: 'Back to the default' }).click();
    await dialog.waitFor({ state: 'detached' });
    await cap.getByText('default').waitFor();
  });

  it('says of the server what the doctor says, and never a token', async () => {
    const page = await see('/settings');
    const doctor = page.getByRole('region', { name: 'Doctor' });
    await doctor.getByText('Nothing is in the way').waitFor();
    const { findings } = await product.operator.query<{ findings: { what: string; level: string; text: string }[] }>(
      'diagnose',
    );
    // Free room on the disk and the log's position move.
    for (const { what, text } of findings.filter(({ text: said }) => !/\d/.test(said)))
      await doctor.getByRole('listitem').filter({ hasText: what }).getByText(text).waitFor();
    const all = (await page.locator('body').innerText()) + (await page.content());
    expect(all).not.toMatch(/hph_[a-z]_/);
    expect(all).toContain(product.data);
  });
});
