import type { Page } from 'playwright-core';
import type { Scene } from '../scene.ts';

/** Every address of the page that shows something of its own: each screen that it offers, and what is behind its rows. */
export async function placesOf(page: Page, scene: Pick<Scene, 'busy' | 'bestOfN' | 'upkeep'>): Promise<string[]> {
  const links = await page.getByRole('navigation', { name: 'Screens' }).getByRole('link').all();
  const offered = await Promise.all(links.map((link) => link.getAttribute('href')));
  const behind = [
    `/task/${scene.busy.taskId}`,
    `/task/${scene.busy.taskId}?tab=diff`,
    `/workflows/${scene.upkeep}`,
    `/workflows/${scene.upkeep}?tab=result`,
    '/workflows?new=bugfix',
    `/coherence/${scene.busy.agentId}`,
    '/inbox',
    `/best-of-n/${scene.bestOfN}`,
  ];
  return [...offered.filter((path) => path !== null), ...behind];
}
