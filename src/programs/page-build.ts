import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HOME, NODE } from './installation.ts';

const SCRIPT = join(HOME, 'scripts', 'web.ts');

/**
 * In a clone: builds the page when its sources have changed since, and says so. When it cannot be built the server goes on
 * without it, and `/` says what to do. A package has no such script, and brings the page.
 */
export function preparePage(say: (line: string) => void): Promise<void> {
  if (!import.meta.url.endsWith('.ts') || !existsSync(SCRIPT)) return Promise.resolve();
  return new Promise((resolve) => {
    const child = spawn(NODE, [SCRIPT], { cwd: HOME, stdio: ['ignore', 'pipe', 'pipe'] });
    let wrong = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => say(text.trimEnd()));
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (wrong += text));
    child.on('error', (error) => void (wrong += error.message));
    child.on('close', (code) => {
      if (code !== 0) say(`The page could not be built: ${wrong.trim().split('\n').at(-1) ?? ''}`);
      resolve();
    });
  });
}
