import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInBrowser } from '../support/browser/visit.ts';
import { loginLink, shown } from '../support/browser/window.ts';
import { createProduct, type Product, type Up } from '../support/product.ts';
import { makeRepository, SMALL_REPOSITORY } from '../support/repositories.ts';
import { AS_TOLD, type ToldAgent, type ToldAgents, toldAgents } from '../support/told-agent.ts';

/** The server of a test may be gone before its window is. */
const NO_SERVER = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/;
const BROKEN = { 'workflow.yaml': 'title: Broken\nphases:\n  - nowhere\n' };
/** What the browser is told of each notification that the page makes. */
const NOTE_NOTIFICATIONS = `
  window.noted = [];
  window.Notification = class { constructor(title, { tag }) { noted.push(title); this.tag = tag; } close() {}
    static permission = 'default';
    static async requestPermission() { noted.push('asked'); return (this.permission = 'granted'); } };
  document.hasFocus = () => false;`;

describeInBrowser('by hand', (visit) => {
  let product: Product;
  let server: Up;
  let told: ToldAgents;
  let repository: string;
  beforeEach(async () => {
    told = await toldAgents();
    product = createProduct({
      agents: { told: told.preset },
      settings: { HEPH_FLEET_CAP: '1', HEPH_LIMITS_ATTEMPTS_MAX: '1', HEPH_LIMITS_RESTARTS_MAX: '0' },
    });
    server = await product.up();
    product.define('as-told', AS_TOLD);
    product.define('broken', BROKEN);
    repository = await makeRepository(join(product.root, 'repository'), SMALL_REPOSITORY);
  });
  afterEach(async () => {
    told.close();
    await product.end();
  });

  const open = async (page: Page, path: string) => {
    await page.goto(await loginLink(product, server.url));
    await page.goto(new URL(path, server.url).href);
    await shown(page);
  };
  const start = async (goal: string) => {
    const input = { workflow: 'as-told', repository, goal, agent: 'told', check: 'true', merge: false };
    return (await product.operator.command('start_workflow', input)).id;
  };

  it('a run is launched by the form of its template, and watched to its end', async () => {
    const { page } = await visit({ expected: [NO_SERVER] });
    await open(page, '/workflows');
    await page.keyboard.press('c');
    const form = page.getByRole('dialog', { name: 'Start a workflow' });
    await form.getByLabel('Workflow').selectOption('as-told');
    expect(await form.getByText('broken cannot be started').textContent()).toContain('nowhere');

    await form.getByLabel('Repository').fill('somewhere');
    await form.getByRole('button', { name: 'Start' }).click();
    await form.getByText('Write the whole path').waitFor();
    await form.getByLabel('Repository').fill(join(product.root, 'nowhere'));
    await form.getByLabel('Goal').fill('Make it so');
    await form.getByLabel('Agent').fill('nobody');
    await form.getByLabel('Check').fill('true');
    await form.getByRole('button', { name: 'Start' }).click();
    // What the server refuses stands where it was asked, one thing after the other.
    expect(await describedBy(page, 'Agent')).toContain('There is no agent named "nobody"');
    await form.getByLabel('Agent').fill('told');
    await form.getByRole('button', { name: 'Start' }).click();
    expect(await describedBy(page, 'Repository')).toContain('nowhere');
    await form.getByLabel('Repository').fill(repository);
    await form.getByLabel('Goal').press('Control+Enter');

    await page.getByRole('heading', { name: 'Make it so' }).waitFor();
    const agent = await told.next();
    await page.getByText('in progress').first().waitFor();
    await agent.speak('report_progress', { message: 'Half of it is so.', fraction: 0.5 });
    await page.getByText('50 %: Half of it is so.').waitFor();
    await page.keyboard.press('c');
    const task = page.getByRole('dialog', { name: 'New task' });
    await task.getByRole('button', { name: 'Create' }).click();
    await task.getByText('This is needed.').waitFor();
    await task.getByLabel('Title').fill('One more');
    await task.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('link', { name: 'One more' }).waitFor();
    await agent.write({ 'so.txt': 'so\n' });
    await agent.finish('It is so.');
    const another = await told.next();
    await another.finish('That as well.');
    await page.getByRole('button', { name: 'completed' }).waitFor();
    await page.getByText('It is so.').waitFor();
    await page.getByRole('tab', { name: 'Result' }).click();
    await page.locator('.pill', { hasText: 'merged' }).waitFor();

    // Another one like it begins with what this one was started with.
    await page.getByRole('button', { name: 'Start again' }).click();
    expect(await form.getByLabel('Repository').inputValue()).toBe(repository);
    expect(await form.getByLabel('Goal').inputValue()).toBe('Make it so');
    expect(await form.getByLabel('Agent').inputValue()).toBe('told');
  });

  it('the queue is put in order by keys and buttons, and the fleet is held', async () => {
    await start('First');
    await told.next();
    const second = await start('Second');
    const { page } = await visit({ expected: [NO_SERVER] });
    await open(page, '/queue');
    const rows = page.getByRole('grid', { name: 'Open tasks' }).getByRole('row');
    await page.getByText('The only slot is taken').first().waitFor();
    // The line is behind what runs.
    await rows.nth(2).focus();
    await page.keyboard.press('+');
    const raised = await product.operator.until(['TaskPrioritySet']);
    expect(raised.data).toMatchObject({ priority: 'high', by: 'operator' });
    await rows.nth(2).focus();
    await page.keyboard.press('B');
    await product.operator.until(['TaskBoosted']);

    await page.keyboard.press('X');
    const asked = page.getByRole('dialog');
    await asked.getByText('nobody goes on with it').waitFor();
    await asked.getByRole('button', { name: 'Cancel' }).last().click();
    const cancelled = await product.operator.until(['TaskCancelled']);
    expect(cancelled.meta.scope?.workflowId).toBe(second);

    await page.getByRole('button', { name: 'Pause the fleet' }).click();
    await page.getByRole('button', { name: 'Resume the fleet' }).waitFor();
    await product.operator.command('resume_fleet', {});
    await page.getByRole('button', { name: 'Pause the fleet' }).waitFor();
    await page.getByRole('button', { name: 'Stop all' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop all' }).click();
    await product.operator.until(['AgentExited']);
  });

  it('a refusal is said in words beside what was pressed', async () => {
    const workflowId = await start('First');
    const agent = await told.next();
    await agent.speak('create_task', { phase: 'work', title: 'Another' });
    await failing(agent);
    await told.next();
    const { page } = await visit({ expected: [NO_SERVER] });
    await open(page, `/workflows/${workflowId}`);
    await page.getByRole('button', { name: 'Restart' }).click();
    const refused = page.getByRole('alert');
    expect(await refused.textContent()).toContain('task.attempts_exhausted');
    await refused.getByRole('button', { name: 'Dismiss' }).click();
    await refused.waitFor({ state: 'detached' });
  });

  it('the inbox tells of what is new, settles it by its commands, and n goes there', async () => {
    const { page, context } = await visit({ expected: [NO_SERVER] });
    await context.addInitScript({ content: NOTE_NOTIFICATIONS });
    await start('Fails before the page is open');
    await failing(await told.next());
    await product.operator.until(['WorkflowFailed']);
    await open(page, '/inbox');
    await page.getByText('Run failed: Fails before').waitFor();
    expect(await page.evaluate('noted')).toEqual([]);
    await page.getByRole('button', { name: 'Notify me' }).click();
    await page.getByRole('button', { name: 'Stop notifications' }).waitFor();

    const workflowId = await start('Fails under the open page');
    await failing(await told.next());
    await page.getByText('Run failed: Fails under').waitFor();
    const noted = (await page.evaluate('noted')) as string[];
    expect(noted.filter((title) => title.startsWith('Run failed'))).toEqual(['Run failed: Fails under the open page']);
    await product.operator.command('pause_fleet', { reason: 'look' });
    await page.getByText('The fleet is paused').waitFor();

    // What blocks comes first, then the newest.
    await page.keyboard.press('n');
    await page.waitForURL('**/queue');
    await page.keyboard.press('n');
    await page.waitForURL(`**/workflows/${workflowId}`);
    await page.goto(new URL('/inbox', server.url).href);
    await page.getByRole('button', { name: 'Resume the fleet' }).click();
    await page.getByText('The fleet is paused').waitFor({ state: 'detached' });
    const aside = page.getByRole('listitem').filter({ hasText: 'Fails under' });
    await aside.getByRole('button', { name: 'Put aside' }).click();
    await aside.waitFor({ state: 'detached' });
    expect((await product.operator.events({ types: ['MatterDismissed'] })).length).toBe(1);
  });

  it('in the past nothing can be pressed, and each button says why', async () => {
    await start('First');
    await told.next();
    const { page } = await visit({ expected: [NO_SERVER] });
    await open(page, '/queue');
    const head = await product.operator.head();
    await page.goto(new URL(`/queue?at=${head}`, server.url).href);
    const pause = page.getByRole('button', { name: 'Pause the fleet' });
    expect(await pause.getAttribute('aria-disabled')).toBe('true');
    expect(await pause.getAttribute('title')).toContain('This is the past');
    await pause.click({ force: true });
    expect(await product.operator.events({ types: ['FleetPaused'] })).toEqual([]);
  });

  async function failing(agent: ToldAgent): Promise<void> {
    await agent.speak('update_task_status', { status: 'failed', reason: 'It cannot be done.' });
    await agent.exit(1);
  }
});

/** What stands at a field, once something does. */
async function describedBy(page: Page, label: string): Promise<string> {
  const field = page.getByRole('dialog').getByLabel(new RegExp(`^${label}`));
  await field.and(page.locator('[aria-invalid=true]')).waitFor();
  const id = await field.getAttribute('aria-describedby');
  return (await page.locator(`[id="${id}"]`).textContent()) ?? '';
}
