import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { followSystemTheme, launchChromium, loginLink, openVisit, shown } from '../tests/support/browser/window.ts';
import packed from '../tests/support/packed.ts';
import type { Scene } from '../tests/support/scene.ts';
import { ROOT } from '../tests/support/source-files.ts';

/**
 * `npm run screens [-- --only fleet,task] [--out FOLDER] [--all]`: pictures of the page from a real run, for `docs/screens/`.
 * `--all` takes every screen in both themes and both widths; without it, those that the pages of `docs/` show. Whatever
 * goes wrong in the browser on the way is told, and ends it with 1.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    out: { type: 'string', default: join(ROOT, 'docs', 'screens') },
    all: { type: 'boolean', default: false },
  },
});

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };
type Theme = 'dark' | 'light';

/** Where each screen is. */
function placesOf({ busy, bestOfN, repair, upkeep }: Scene): Record<string, string> {
  return {
    fleet: '/fleet',
    task: `/task/${busy.taskId}`,
    diff: `/task/${busy.taskId}?tab=diff`,
    queue: '/queue',
    workflows: '/workflows',
    workflow: `/workflows/${upkeep}`,
    launch: '/workflows?new=bugfix',
    ...(repair !== null && { repair: `/workflows/${repair}` }),
    'best-of-n': `/best-of-n/${bestOfN}`,
    checks: '/checks',
    coherence: '/coherence',
    'coherence-of-agent': `/coherence/${busy.agentId}`,
    timeline: '/timeline',
    costs: '/costs',
    settings: '/settings',
    inbox: '/inbox',
  };
}

/** What is kept with the documentation: every picture has its weight in every clone. */
const KEPT = ['fleet', 'task', 'diff', 'queue', 'workflow', 'best-of-n', 'checks', 'coherence-of-agent', 'timeline'];
const KEPT_LIGHT = ['fleet', 'task'];
const KEPT_NARROW = ['fleet', 'task'];
/** Full of text: a part says as much and weighs less. */
const HEIGHTS: Record<string, number> = { checks: 560, timeline: 400 };

function variantsOf(name: string): { file: string; theme: Theme; viewport: typeof WIDE }[] {
  const themes: Theme[] = values.all || KEPT_LIGHT.includes(name) ? ['dark', 'light'] : ['dark'];
  const viewport = { ...WIDE, height: (values.all ? undefined : HEIGHTS[name]) ?? WIDE.height };
  const wide = themes.map((theme) => ({ file: `${name}-${theme}.png`, theme, viewport }));
  const narrowThemes: Theme[] = values.all ? ['dark', 'light'] : KEPT_NARROW.includes(name) ? ['dark'] : [];
  return [...wide, ...narrowThemes.map((theme) => ({ file: `${name}-${theme}-390.png`, theme, viewport: NARROW }))];
}

async function picture(browser: Browser, scene: Scene, name: string, path: string): Promise<string[]> {
  const faults: string[] = [];
  for (const { file, theme, viewport } of variantsOf(name)) {
    const visit = await openVisit(browser, { viewport, colorScheme: theme, reducedMotion: 'reduce' });
    await followSystemTheme(visit.context);
    await visit.page.goto(await loginLink(scene.product, scene.server.url));
    await visit.page.goto(new URL(path, scene.server.url).href);
    await shown(visit.page);
    if ((await visit.page.title()).startsWith('Not found')) {
      console.log(`${file}: there is no ${path}`);
      await visit.context.close();
      continue;
    }
    await visit.page.screenshot({ path: join(values.out, file) });
    await visit.context.close();
    console.log(`${file}: ${path}`);
    faults.push(...visit.faults.map((fault) => `${file}: ${fault}`));
  }
  return faults;
}

mkdirSync(values.out, { recursive: true });
const wanted = values.only?.split(',') ?? (values.all ? null : KEPT);
const undo = packed();
// After the package is built: it says which programs the scene starts.
const { makeScene } = await import('../tests/support/scene.ts');
const scene = await makeScene({ repaired: true });
const browser = await launchChromium();
const faults: string[] = [];
try {
  for (const [name, path] of Object.entries(placesOf(scene)))
    if (wanted?.includes(name) ?? true) faults.push(...(await picture(browser, scene, name, path)));
} finally {
  await browser.close();
  await scene.end();
  undo?.();
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
