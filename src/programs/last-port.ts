import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The port of the last server of a data directory: an open page finds the next server there, and its cookie is for it. */
export function lastPort(dataDirectory: string): number | null {
  try {
    const port = Number(readFileSync(join(dataDirectory, 'port'), 'utf8'));
    return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : null;
  } catch {
    return null;
  }
}

export function keepPort(dataDirectory: string, port: number): void {
  const path = join(dataDirectory, 'port');
  writeFileSync(`${path}.new`, `${port}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
