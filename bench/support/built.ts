import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** The packed command line, as users get it. Throws when it has not been built. */
export function builtProgram(): string {
  if (!existsSync(join(root, 'dist', 'cli.mjs'))) throw new Error('dist/ is missing: run `npm run build` first');
  return join(root, 'bin', 'heph.js');
}
