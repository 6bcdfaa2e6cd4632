import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ESCAPES } from '../support/browser/escapes.ts';
import { receivedBy } from '../support/browser/received.ts';
import { describeInBrowser } from '../support/browser/visit.ts';
import { loginLink, shown } from '../support/browser/window.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { makeRepository, SMALL_REPOSITORY } from '../support/repositories.ts';
import { AS_TOLD, type ToldAgent, type ToldAgents, toldAgents } from '../support/told-agent.ts';

const NO_SERVER = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/;
/** What the library says of a byte that no terminal knows; it goes on behind it. */
const UNKNOWN_BYTE = /xterm\.js: Parsing error/;
const VIEWERS = 3;
/** A screen has forty rows: this is many of them, and a part of what the page keeps. */
const LINES = 480;

/** What a program could have done to the machine around its terminal. */
const REACH = `globalThis.reached = [];
Clipboard.prototype.writeText = async (text) => void reached.push('clipboard ' + text);
Clipboard.prototype.readText = async () => (reached.push('clipboard read'), '');
Document.prototype.execCommand = (what) => reached.push('command ' + what);
globalThis.open = (url) => void reached.push('window ' + url);
globalThis.Notification = class { constructor(title) { reached.push('notification ' + title); } };`;

describeInBrowser('the terminal of an agent', (visit) => {
  let product: Product;
  let server: Up;
  let told: ToldAgents;
  let repository: string;
  let agent: ToldAgent;
  beforeAll(async () => {
    told = await toldAgents();
    product = createProduct({ agents: { told: told.preset }, settings: { HEPH_FLEET_CAP: '9' } });
    server = await product.up();
    product.define('as-told', AS_TOLD);
    repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
  });
  beforeEach(async () => {
    const input = { workflow: 'as-told', repository, goal: 'Print', agent: 'told', check: 'true' };
    await product.operator.command('start_workflow', input);
    agent = await told.next();
  });
  afterAll(async () => {
    told?.close();
    await product?.end();
  });

  async function look(page: Page): Promise<void> {
    await page.goto(await loginLink(product, server.url));
    await page.goto(new URL(`/task/${agent.taskId}`, server.url).href);
    await shown(page);
    await page.getByText('Live', { exact: true }).waitFor();
  }

  const rows = (page: Page) => page.locator('.xterm-rows > div').allInnerTexts();
  const seen = (page: Page, text: string) => expect.poll(async () => (await rows(page)).join('\n')).toContain(text);
  const line = (n: number) => `line ${String(n).padStart(5, '0')} of what is printed`;
  const print = (from: number, to: number) =>
    agent.print(Array.from({ length: to - from }, (_one, n) => `${line(from + n)}\r\n`).join(''));
  const transcript = async () => (await product.heph('logs', agent.agentId, '--raw')).stdout;

  /** Every line that is there, from the last to the first, as somebody reads it who scrolls up. */
  async function scrolledThrough(page: Page): Promise<string[]> {
    const met = new Set<string>();
    await page.locator('.xterm-screen').hover();
    for (let before = ''; ; ) {
      const now = await rows(page);
      for (const row of now) if (row.startsWith('line')) met.add(row.trim());
      if (now.some((row) => row.startsWith(line(0)))) return [...met].sort();
      expect(now.join('\n')).not.toBe(before);
      before = now.join('\n');
      await page.mouse.wheel(0, -500);
      await expect.poll(async () => (await rows(page)).join('\n')).not.toBe(before);
    }
  }

  it('is live, and complete when the page is loaded anew in the middle', async () => {
    const { page } = await visit();
    const received = receivedBy(page);
    await print(0, LINES / 4);
    await look(page);
    await seen(page, line(LINES / 4 - 1));
    await print(LINES / 4, LINES / 2);
    await seen(page, line(LINES / 2 - 1));

    const printed = print(LINES / 2, LINES);
    await page.reload();
    await printed;
    await seen(page, line(LINES - 1));
    expect(received.bytes().toString()).toBe(await transcript());
    expect(await scrolledThrough(page)).toEqual(Array.from({ length: LINES }, (_one, n) => line(n)));
  });

  it('is complete, with nothing twice, when the server is killed and started again under it', async () => {
    const { page } = await visit({ expected: [NO_SERVER] });
    const received = receivedBy(page);
    await look(page);
    await print(0, LINES / 4);
    await seen(page, line(LINES / 4 - 1));
    await server.kill();
    await page.getByText('Reconnecting …', { exact: true }).first().waitFor();
    await print(LINES / 4, LINES / 2);
    server = await product.up();
    await print(LINES / 2, LINES);
    await seen(page, line(LINES - 1));
    expect(received.bytes().toString()).toBe(await transcript());
    expect(await scrolledThrough(page)).toEqual(Array.from({ length: LINES }, (_one, n) => line(n)));
  });

  it('lets no escape sequence reach beyond it, and types no answer, however many look', async () => {
    const visits = await Promise.all(Array.from({ length: VIEWERS }, () => visit({ expected: [UNKNOWN_BYTE] })));
    for (const { page, context } of visits) {
      await context.addInitScript({ content: REACH });
      await look(page);
    }
    const pages = visits.map(({ page }) => page);
    const before = await Promise.all(pages.map(async (page) => [page.url(), await page.title()]));
    for (const [name, text] of Object.entries(ESCAPES)) {
      await agent.print(`${text}\r\n`);
      await agent.print(`\x1b\\\x1b[0mafter: ${name.slice(0, 60)}\r\n`);
    }
    for (const page of pages) {
      await seen(page, `after: ${Object.keys(ESCAPES).at(-1)}`);
      // Looking at it and going away again, which a terminal could report.
      await page.locator('.xterm-screen').click();
      await page.mouse.wheel(0, -100);
      await page.keyboard.press('a');
      await page.locator('h1').click();
      expect(await page.evaluate('reached')).toEqual([]);
      expect(page.context().pages()).toHaveLength(1);
    }
    expect(await Promise.all(pages.map(async (page) => [page.url(), await page.title()]))).toEqual(before);
    // What is typed on purpose arrives, and is all that does.
    const [page] = pages as [Page];
    await page.getByRole('button', { name: 'Attach' }).click();
    await page.keyboard.type('on purpose');
    await agent.untilTyped('purpose');
    for (const query of [ESCAPES['device attributes'], ESCAPES['focus, mouse and paste reports']])
      await agent.print(String(query));
    await agent.print('asked while attached\r\n');
    await seen(page, 'asked while attached');
    // A pointer that is moved would be reported, as to every program that asks for it: going away is done by keys.
    await page.keyboard.press('Control+]');
    await page.getByRole('button', { name: 'Attach' }).click();
    await page.keyboard.type('!');
    await agent.untilTyped('!');
    expect(agent.typed().toString()).toBe('on purpose!');
  });
});
