import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser/visit.ts';
import { loginLink, shown } from '../support/browser/window.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { makeRepository, SMALL_REPOSITORY } from '../support/repositories.ts';
import { AS_TOLD, type ToldAgents, toldAgents } from '../support/told-agent.ts';

/** What a browser says by itself of a server that is not there. */
const NO_SERVER = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/;
const KILLS = 3;

describeInBrowser('a server that is killed and started again under the open page', (visit) => {
  let product: Product;
  let server: Up;
  let told: ToldAgents;
  beforeEach(async () => {
    told = await toldAgents();
    product = createProduct({ agents: { told: told.preset } });
    server = await product.up();
    product.define('as-told', AS_TOLD);
  });
  afterEach(async () => {
    told.close();
    await product.end();
  });

  /** The agents that the table of the fleet names, in any order. */
  async function agentsOn(page: Page): Promise<string[]> {
    const rows = await page.getByRole('grid', { name: 'Agents' }).getByRole('row').all();
    const texts = await Promise.all(rows.slice(1).map((row) => row.textContent()));
    return texts.map((text) => /agt_…(\w{6})/.exec(text ?? '')?.[1] ?? '').sort();
  }

  it('is found again by itself, with the same session; what happened meanwhile is there once', async () => {
    const repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
    const start = async () => {
      const input = { workflow: 'as-told', repository, goal: 'Wait', agent: 'told', check: 'true' };
      await product.operator.command('start_workflow', input);
      return told.next();
    };
    const agents = [await start()];
    const { page } = await visit({ expected: [NO_SERVER] });
    await page.goto(await loginLink(product, server.url));
    await shown(page);
    // Gone, if the page were loaded anew.
    await page.evaluate('window.loadedOnce = true');
    const fleet = (word: string) => page.getByRole('button', { name: word, exact: true });

    for (let kill = 0; kill < KILLS; kill++) {
      await fleet('Pause').waitFor();
      await server.kill();
      await page.getByText('Reconnecting').waitFor();
      server = await product.up();
      // Told while the page is on its way back.
      agents.push(await start());
      await product.operator.command('pause_fleet', {});
      await fleet('Resume').waitFor();
      await page.getByText('Reconnecting').waitFor({ state: 'detached' });
      // Its own commands get through again as well, once each.
      await fleet('Resume').click();
    }
    await fleet('Pause').waitFor();
    await page.getByRole('row').nth(agents.length).waitFor();
    expect(await agentsOn(page)).toEqual(agents.map(({ agentId }) => agentId.slice(-6)).sort());
    expect(await page.evaluate('window.loadedOnce')).toBe(true);
    expect(product.kills).toBe(KILLS);
    expect((await product.operator.events({ types: ['FleetResumed'] })).length).toBe(KILLS);
    await server.stop();
  });
});
