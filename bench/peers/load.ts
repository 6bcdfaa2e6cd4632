import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Null when the peers' packages are here, else what to do about it. Nothing of the product depends on them. */
export function missingPackages(): string | null {
  return existsSync(join(import.meta.dirname, 'node_modules', 'bullmq')) ? null : 'the peers are absent: npm run peers';
}

/** A package of the peers, of which the caller says what it uses: without them there are no types either. */
export async function peer<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}
