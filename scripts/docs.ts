import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allPages } from './docs/pages.ts';

/**
 * `node scripts/docs.ts` writes the pages that are made from the code; `--check` writes nothing and ends with 1, naming
 * each page that is not current. A page of a machine that is gone goes too.
 */
const root = join(import.meta.dirname, '..', 'docs');

export function outdatedPages(): string[] {
  const pages = allPages();
  const changed = Object.entries(pages).filter(([path, text]) => read(path) !== text);
  return [...changed.map(([path]) => path), ...leftOver(Object.keys(pages))].sort();
}

function write(): void {
  const pages = allPages();
  for (const path of leftOver(Object.keys(pages))) rmSync(join(root, path));
  for (const [path, text] of Object.entries(pages)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function leftOver(current: readonly string[]): string[] {
  return entries('machines')
    .map((name) => `machines/${name}`)
    .filter((path) => path.endsWith('.md') && !current.includes(path));
}

function read(path: string): string | null {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(join(root, folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const outdated = outdatedPages();
    for (const path of outdated) console.error(`docs/${path} is not what the code says; run \`npm run docs\`.`);
    process.exitCode = outdated.length === 0 ? 0 : 1;
  } else write();
}
