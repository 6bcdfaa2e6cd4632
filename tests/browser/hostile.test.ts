import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALL_MARKUP, FOREIGN, MARKUP } from '../support/browser/markup.ts';
import { placesOf } from '../support/browser/places.ts';
import { describeInBrowser } from '../support/browser/visit.ts';
import { loginLink, shown } from '../support/browser/window.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { makeRepository } from '../support/repositories.ts';
import { type ToldAgent, type ToldAgents, toldAgents } from '../support/told-agent.ts';

/** Threat 12: markup in every text that a person, an agent, a file or a check can write. No branch may be named like that. */
/** A title may have 200 characters. */
const quoted = JSON.stringify(MARKUP.slice(0, 3).join(' '));
const FILE = '<img src=x onerror=alert(1)>.js';
const WORKFLOW = {
  'workflow.yaml': `title: ${quoted}\ndescription: ${quoted}\nphases:\n  - work\n`,
  'work.md': `---
goal: ${quoted}
role: work
starts_with: one_task
changes: optional
checks: all
allowed_tools: [create_task, update_task_status, report_progress, report_usage]
---
${ALL_MARKUP}
`,
};
/** A suite whose tests are named like that, and fail with such words. */
const SUITE = `const names = ${JSON.stringify(MARKUP)};
console.log('TAP version 13\\n1..' + names.length);
for (const [n, name] of names.entries()) console.log('not ok ' + (n + 1) + ' - ' + name.replaceAll('#', ' '));
console.error(names.join('\\n'));
process.exit(1);
`;

describeInBrowser('text that would be markup', (visit) => {
  let product: Product;
  let server: Up;
  let told: ToldAgents;
  let busy: ToldAgent;
  let upkeep: string;
  let bestOfN: string;
  beforeAll(async () => {
    told = await toldAgents();
    product = createProduct({ agents: { told: told.preset }, settings: { HEPH_LIMITS_ATTEMPTS_MAX: '1' } });
    server = await product.up();
    product.define('hostile', WORKFLOW);
    const repository = await makeRepository(join(product.root, 'repository'), {
      [FILE]: ALL_MARKUP,
      'suite.mjs': SUITE,
    });
    const { operator } = product;
    const about = { repository, goal: ALL_MARKUP, check: 'node suite.mjs' };
    ({ id: upkeep } = await operator.command('start_workflow', { workflow: 'hostile', agent: 'told', ...about }));
    busy = await told.next();
    for (const text of MARKUP) {
      await busy.speak('create_task', { phase: 'work', title: text, description: text, inputs: { [text]: text } });
      await busy.speak('report_progress', { message: text });
      await busy.print(`${text}\r\n`);
    }
    await busy.write({ [FILE]: `${MARKUP.join('\n')}\n`, [`new/${FILE}`]: ALL_MARKUP });
    // One that fails in such words, and one whose work such a suite judges.
    const failing = await told.next();
    await failing.speak('update_task_status', { status: 'failed', reason: ALL_MARKUP });
    await failing.exit(1);
    const judged = await told.next();
    await judged.write({ [FILE]: MARKUP.toReversed().join('\n') });
    await judged.finish(ALL_MARKUP);
    await operator.until(
      ['ValidationFailed', 'WorkRejected', 'TaskFailed'],
      '0',
      ({ meta }) => meta.scope?.taskId === judged.taskId,
    );
    ({ id: bestOfN } = await operator.command('start_best_of_n', { n: 2, agents: ['told'], ...about }));
    await operator.command('pause_fleet', { reason: ALL_MARKUP });
  });
  afterAll(async () => {
    told?.close();
    await product?.end();
  });

  it('is shown as what it is on every screen, and does nothing', async () => {
    const { page } = await visit();
    await page.goto(await loginLink(product, server.url));
    await shown(page);
    let seen = '';
    for (const path of await placesOf(page, { busy, bestOfN, upkeep })) {
      await page.goto(new URL(path, server.url).href);
      await shown(page);
      seen += await page.locator('body').innerText();
      expect([path, await page.evaluate(FOREIGN)]).toEqual([path, []]);
      expect(new URL(page.url()).origin).toBe(server.url);
    }
    // It was there: else this had proved nothing.
    expect(seen).toContain('onerror=alert(1)');
  });
});
