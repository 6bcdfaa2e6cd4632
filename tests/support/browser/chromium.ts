import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { missingTool } from '../debian.ts';

/** How the browser is started: without a screen, and without anything that speaks to others than the page. */
export const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
/** It is large, and a mirror may be slow. */
const INSTALL_MS_MAX = 240_000;

export type Chromium = { path: string; missing: null } | { path: null; missing: string };

/** The browser that `HEPH_CHROMIUM` names, else the one on the PATH, else why there is none. */
export function findChromium(env: Readonly<Record<string, string | undefined>> = process.env): Chromium {
  const named = env.HEPH_CHROMIUM;
  const onPath = (env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const path = (named ? [named] : onPath.filter((one) => existsSync(one))).find(answers);
  if (path) return { path, missing: null };
  const missing = named
    ? `HEPH_CHROMIUM names ${named}, which does not run`
    : 'no Chromium is on the PATH: apt-get install chromium, or name one in HEPH_CHROMIUM';
  return { path: null, missing };
}

/** The same, and as root on Debian it is installed when it is missing. */
export function installChromium(): Chromium {
  const found = findChromium();
  if (found.path || process.env.HEPH_CHROMIUM) return found;
  const missing = missingTool('chromium', 'chromium', INSTALL_MS_MAX);
  return missing ? { path: null, missing } : findChromium();
}

function answers(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
